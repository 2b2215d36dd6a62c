// Call `send` with the referrer for every view: of what is shown, once its path is another one, and
// when it comes back from the back/forward cache. What is not visible waits until it is. After the
// first view the address before is the referrer, as it is where each page is loaded.
const watch = (send, hash, methods) => {
  let last, referrer = document.referrer
  const look = () => {
    const path = location.pathname + (hash ? location.hash : '')
    if (document.prerendering || document.visibilityState != 'visible' || path == last) return
    last = path
    send(referrer)
    referrer = address(hash)
  }
  methods.forEach(method => {
    const original = history[method]
    history[method] = function () {
      original.apply(this, arguments)
      look()
    }
  })
  addEventListener('popstate', look)
  addEventListener('hashchange', look)
  addEventListener('pageshow', event => {
    if (event.persisted) {
      last = 0
      look()
    }
  })
  document.addEventListener('visibilitychange', look)
  document.addEventListener('prerenderingchange', look)
  look()
}
