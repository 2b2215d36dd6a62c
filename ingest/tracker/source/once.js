// Has this page a tracker that sends for that site to that endpoint already?
const again = (endpoint, site) => {
  const name = `footfall ${endpoint} ${site}`
  return window[name] || !(window[name] = true)
}
