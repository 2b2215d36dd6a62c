// Send it so that it arrives though the page is closed. As text no browser asks the server first
// whether it may, and no cookie goes along. What comes back is told to `done`, a failure too: a page
// must not notice that somebody blocks this.
const post = (endpoint, content, done = () => {}) => {
  const body = JSON.stringify(content)
  if (window.Request && 'keepalive' in Request.prototype) {
    fetch(endpoint, {method: 'POST', body, keepalive: true, credentials: 'omit'}).then(
      answer => done({status: answer.status}),
      error => done({error}))
  } else {
    navigator.sendBeacon(endpoint, body)
    done()
  }
}
