import { existsSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { haier } from '../adapters/haier/index.ts'
import { startTwin } from '../http/twin-server.ts'
import { hasOpenssl, makeCertificate } from '../testing/certificates.ts'
import { startTlsFront } from '../testing/dead-ends.ts'
import { haierProject, project, type Project } from '../testing/program.ts'
import { runOnTerminal, whyNoTerminal } from '../testing/terminal.ts'

/** Adds a service whose config is that of the twin, with something changed. */
async function addWith(
  { run, write }: Project,
  name: string,
  config: Record<string, unknown>,
): Promise<void> {
  write(`${name}.json`, JSON.stringify(config))
  const { code, err } = await run(`add haier ${name} --no-test --answers ${name}.json`)
  expect({ code, err }).toMatchObject({ code: 0 })
}

/** Addresses where somebody was a moment ago. */
async function nobodyAt(): Promise<Record<string, unknown>> {
  const gone = await startTwin(haier.twin, { products: 1 })
  await gone.close()
  return { base_url: gone.url, token_url: `${gone.url}/oauth2/auth` }
}

describe('as a table', () => {
  it('says that a service answers', async () => {
    const { run, json } = await haierProject()

    const { code, out, err } = await run('test haier')

    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/haier +ok +.*2 paying accounts/)
    expect(await json('test --all')).toMatchObject({
      results: [
        {
          service: 'haier',
          result: 'ok',
          ok: true,
          cause: null,
          rungs: [
            { rung: 'config', status: 'ok' },
            { rung: 'dns', status: 'ok', saw: '127.0.0.1 is an address' },
            { rung: 'tcp', status: 'ok' },
            { rung: 'tls', status: 'skipped', saw: 'none: plain http' },
            { rung: 'clock', status: 'ok', saw: 'in step' },
            { rung: 'credentials', status: 'ok' },
            { rung: 'operation', status: 'ok', saw: expect.stringContaining('2 paying accounts') },
          ],
        },
      ],
    })
  })

  it('names the broken rung, its cause, the next step and the call', async () => {
    const made = await haierProject()
    await addWith(made, 'bad', { ...made.twin.config, client_secret: 'wrong' })

    const { code, out, err } = await made.run('test bad')

    expect(code).toBe(4)
    expect(out).toMatch(/bad +failed +credentials +credentials_refused/)
    expect(err).toMatch(/^✗ bad: no token: .*\(credentials_refused\)\n {2}Check client_id/)
    expect(err).toMatch(/More: caravan logs show \w{26}\n$/)
  })

  it('stops at the first broken rung: nothing is asked of a port that is closed', async () => {
    const made = await haierProject()
    await addWith(made, 'gone', { ...made.twin.config, ...(await nobodyAt()) })

    const { code, out } = await made.run('test gone --json')

    expect(code).toBe(5)
    const { results } = JSON.parse(out)
    expect(results[0]).toMatchObject({ rung: 'tcp', cause: 'connection_refused', call: null })
    expect(results[0].rungs.map((each: { status: string }) => each.status)).toEqual([
      'ok',
      'ok',
      'failed',
      'not_reached',
      'not_reached',
      'not_reached',
      'not_reached',
    ])
  })

  it('an unset placeholder is exit 4, with the line of each', async () => {
    const { run } = await project()
    await run(
      'add haier --no-test --client-id ${NO_ID} --client-secret ${NO_SECRET} --password ${NO_PW} ' +
        '--seller-password ${NO_SP} --customer-code 8800633175',
    )

    const { code, err } = await run('test haier')

    expect(code).toBe(4)
    expect(err).toMatch(
      /integrations\.yaml:\d+:\d+ {2}services\.haier\.config\.client_id: the environment variable NO_ID is not set/,
    )
    expect(err).toContain('NO_SP is not set')
  })

  it('tests a disabled service that is named, and says so; --all shows it as skipped', async () => {
    const { run } = await haierProject()
    await run('disable haier')

    const named = await run('test haier')
    const all = await run('test --all')

    expect(named).toMatchObject({ code: 0 })
    expect(named.out).toMatch(/haier +ok/)
    expect(named.err).toMatch(/^! haier is not in use: switched off by tester\n$/)
    expect(all).toMatchObject({ code: 0, err: '' })
    expect(all.out).toMatch(/haier +skipped +config +service_disabled/)
  })

  it.skipIf(whyNoTerminal())('shows the ladder of one service on a terminal', async () => {
    const { folder } = await haierProject()

    const { code, screen } = await runOnTerminal('test haier', { cwd: folder, columns: 100 })

    expect(code).toBe(0)
    for (const rung of ['config', 'dns', 'tcp', 'tls', 'clock', 'credentials', 'operation']) {
      expect(screen).toMatch(new RegExp(`^\\W*${rung} `, 'm'))
    }
    expect(screen).toContain('none: plain http')
  })
})

describe('for CI servers', () => {
  it.runIf(hasOpenssl())(
    'a certificate that ends soon is a warning on the line of its service',
    async () => {
      const made = await haierProject()
      const certificate = makeCertificate('127.0.0.1', { days: 10 })
      const port = await startTlsFront(certificate, Number(new URL(made.twin.url).port))
      const text = JSON.stringify(made.twin.config)
      const config = JSON.parse(
        text.replaceAll(made.twin.url, `https://127.0.0.1:${port}`),
      ) as object
      made.write(
        'integrations.yaml',
        `version: 1\nservices:\n  old: ${JSON.stringify({ adapter: 'haier', config })}\n`,
      )
      made.write('authority.pem', certificate.cert)
      const env = { NODE_EXTRA_CA_CERTS: made.file('authority.pem') }

      const trusted = await made.run('test --all --format github', { env })
      const untrusted = await made.run('test --all --format github')

      expect(trusted.code).toBe(0)
      expect(trusted.out).toMatch(
        /^::warning file=integrations\.yaml,line=3,title=old::127\.0\.0\.1:\d+: TLSv1\.3, the certificate ends in 9 days\n$/,
      )
      expect(untrusted.code).toBe(1)
      expect(untrusted.out).toMatch(
        /^::error file=integrations\.yaml,line=3,title=old%3A tls_untrusted::.*\n$/,
      )
      expect(untrusted.err).toBe('1 service: 1 failed\n')
    },
  )
})

describe('what is asked for', () => {
  it('asks which service is meant, and names the nearest one', async () => {
    const { run } = await haierProject()

    expect(await run('test')).toEqual({
      code: 2,
      out: '',
      err: '✗ which service is to be tested? (usage)\n  Name one or more, or say --all.\n',
    })
    const unknown = await run('test hayer')
    expect(unknown).toMatchObject({ code: 10, out: '' })
    expect(unknown.err).toContain('Did you mean haier?')
  })

  it.each([
    ['--deadline soon', 2],
    ['--deadline 0s', 2],
    ['--rung-deadline 1', 2],
    ['--format xml', 2],
    ['--format junit --json', 2],
    ['--max-effect much', 2],
  ])('%s is wrong usage', async (words, exit) => {
    const { run } = await project()

    expect(await run(`test --all ${words}`)).toMatchObject({ code: exit, out: '' })
  })

  it('--max-effect none asks nothing with credentials', async () => {
    const { run, twin } = await haierProject()
    const before = twin.twin.stats()

    const { code, out } = await run('test --all --max-effect none --json')

    expect(code).toBe(0)
    expect(JSON.parse(out).results[0]).toMatchObject({
      result: 'skipped',
      ok: true,
      cause: 'effect_not_allowed',
    })
    expect(twin.twin.stats()).toEqual(before)
  })

  it('--offline needs neither the state nor the vendor, and opens neither', async () => {
    const made = await haierProject()
    await made.twin.close()
    for (const name of ['caravan.db', 'caravan.calls.db', 'caravan.key']) rmSync(made.file(name))

    const { code, out } = await made.run('test --offline --json')

    expect(code).toBe(0)
    expect(JSON.parse(out).results[0]).toMatchObject({
      result: 'ok',
      detail: expect.stringContaining('stored secrets were not looked up'),
    })
    expect(existsSync(made.file('caravan.db'))).toBe(false)
  })

  it('--offline finds a placeholder that is not set and a field that does not fit', async () => {
    const { run, write } = await project()
    const config = {
      client_id: '${NO_ID}',
      client_secret: 'x',
      password: 'x',
      seller_password: 'x',
    }
    const services = {
      unset: { adapter: 'haier', config: { ...config, customer_code: '8800633175' } },
      wrong: { adapter: 'haier', config: { ...config, customer_code: '88' } },
      off: { adapter: 'haier', enabled: false, config: { ...config, customer_code: '8800633175' } },
    }
    write('integrations.yaml', JSON.stringify({ version: 1, services }))

    const { code, out } = await run('test --offline --json')

    expect(code).toBe(9)
    expect(JSON.parse(out).results).toMatchObject([
      { service: 'unset', cause: 'credential_missing', exit: 'credentials' },
      { service: 'wrong', cause: 'config_invalid', exit: 'config' },
      { service: 'off', cause: 'service_disabled', result: 'skipped' },
    ])
  })
})

describe('time', () => {
  it('what is unfinished at the deadline is exit 13', async () => {
    const { run, twin } = await haierProject()
    twin.faults.add({ fault: 'timeout', delay_ms: 20_000 })

    const { code, out } = await run('test haier --deadline 1500ms --rung-deadline 200ms --json')

    expect(code).toBe(13)
    expect(JSON.parse(out).results[0]).toMatchObject({
      cause: 'deadline_reached',
      rung: 'operation',
    })
  })

  it('Ctrl-C stops it', async () => {
    const { start, twin } = await haierProject()
    twin.faults.add({ fault: 'timeout', delay_ms: 20_000 })
    const { take } = twin.faults
    const isAsked = new Promise<void>((resolve) => {
      twin.faults.take = (path) => {
        resolve()
        return take(path)
      }
    })
    const started = start('test haier --json')
    await isAsked

    started.process.kill('SIGINT')

    const { code, out } = await started.ended
    expect(code).toBe(130)
    expect(JSON.parse(out).results[0]).toMatchObject({ cause: 'interrupted' })
  })
})
