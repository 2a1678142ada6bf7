import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { applyLook } from './look'
import './theme.css'

applyLook()
createApp(App).use(router).mount('#app')
