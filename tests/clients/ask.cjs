// Asks a service as a program would that uses the client `plausible`, and prints what it was told.
// node ask.cjs MODULES BASE SITE '[["getAggregate", ["7d", "pageviews"]], ...]'
const [modules, base, site, calls] = process.argv.slice(2)
const {default: Plausible} = require(require.resolve('plausible', {paths: [modules]}))
const client = new Plausible('any-key', site, base)

async function told([name, given]) {
  try {
    return await client[name](...given)
  } catch (error) {
    return {thrown: error.message}
  }
}

async function main() {
  const found = []
  for (const call of JSON.parse(calls)) found.push(await told(call))
  console.log(JSON.stringify(found))
}

main()
