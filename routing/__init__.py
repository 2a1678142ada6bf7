"""Stage 2: who should take this call? (分类与路由)."""
