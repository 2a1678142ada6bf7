// Test eyes inside the page: what its user hears, by frequency. Every peer connection is noted; nothing is changed.
(() => {
  const connections = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args)
      connections.push(this)
    }
  }
  let context = null
  const analysers = new Map()
  function analyser(track) {
    if (!analysers.has(track)) {
      context = context ?? new AudioContext({ sampleRate: 48000 })
      const node = context.createAnalyser()
      node.fftSize = 8192
      node.smoothingTimeConstant = 0
      context.createMediaStreamSource(new MediaStream([track])).connect(node)
      analysers.set(track, node)
    }
    return analysers.get(track)
  }
  const MIDDLE = 0.5
  window.hotlineEars = {
    connections,
    /** Of each living remote track: the peaks (Hz) that stand 20 dB above the middle of the spectrum and above -75 dB. */
    now() {
      const told = []
      for (const connection of connections) {
        if (connection.connectionState === 'closed') continue
        for (const receiver of connection.getReceivers()) {
          if (receiver.track.kind !== 'audio' || receiver.track.readyState !== 'live') continue
          const node = analyser(receiver.track)
          const spectrum = new Float32Array(node.frequencyBinCount)
          node.getFloatFrequencyData(spectrum)
          const step = 48000 / node.fftSize
          const low = Math.ceil(200 / step)
          const high = Math.floor(3600 / step)
          const band = [...spectrum.slice(low, high)]
          const middle = [...band].sort((a, b) => a - b)[Math.floor(band.length * MIDDLE)]
          const loudest = Math.max(...band)
          const peaks = []
          for (let at = 1; at < band.length - 1; at++) {
            if (band[at] >= band[at - 1] && band[at] > band[at + 1] && band[at] > -75 && band[at] > middle + 20 && band[at] > loudest - 25)
              peaks.push((low + at) * step)
          }
          told.push({ peaks, loudest, middle })
        }
      }
      return told
    },
  }
})()
