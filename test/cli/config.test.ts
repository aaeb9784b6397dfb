// Configuration: precedence, unknown keys with the nearest name, what is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isLoopbackAddress, loadConfig } from '../../server/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'colonnade-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (doc: unknown): string => {
  const path = join(folder, 'c.json');
  writeFileSync(path, typeof doc === 'string' ? doc : JSON.stringify(doc));
  return path;
};

describe('loadConfig', () => {
  it('has the documented defaults', () => {
    expect(loadConfig({}, {})).toMatchObject({
      host: '127.0.0.1',
      httpPort: 8123,
      nativePort: 9000,
      druidPorts: [8081, 8082, 8888],
    });
  });

  it('takes flags before variables before the file', () => {
    const config = file({ http_port: 1, host: '127.0.0.3', log_level: 'warn', settings: { a: 1 } });
    const env = { COLONNADE_HTTP_PORT: '2', COLONNADE_HOST: '127.0.0.2', COLONNADE_SETTING_B: '2' };
    expect(loadConfig({ http_port: '3', config }, env)).toMatchObject({
      httpPort: 3,
      host: '127.0.0.2',
      logLevel: 'warn',
      settings: { a: '1', b: '2' },
    });
  });

  it('takes off and several ports', () => {
    expect(loadConfig({ http_port: 'off', druid_ports: 'off' }, {})).toMatchObject({
      httpPort: undefined,
      druidPorts: [],
    });
    expect(loadConfig({ druid_ports: '0,1,2' }, {}).druidPorts).toEqual([0, 1, 2]);
  });

  it('names the nearest key', () => {
    expect(() => loadConfig({}, { COLONNADE_HTTP_PROT: '1' })).toThrow(/COLONNADE_HTTP_PORT/);
    expect(() => loadConfig({ config: file({ htpp_port: 1 }) }, {})).toThrow(/http_port/);
  });

  it('leaves the variables of Kubernetes and of tests alone', () => {
    const env = {
      COLONNADE_SERVICE_HOST: '10.0.0.1',
      COLONNADE_PORT: 'tcp://10.0.0.1:8123',
      COLONNADE_PORT_8123_TCP_ADDR: '10.0.0.1',
      COLONNADE_HTTP_PORT: 'tcp://10.0.0.1:8123',
      COLONNADE_TEST_SEEDS: '5',
    };
    expect(loadConfig({}, env).httpPort).toBe(8123);
  });

  it.each([
    [{ host: '0.0.0.0' }, /password/],
    [{ host: '::' }, /password/],
    [{ host: 'example.org' }, /IP address/],
    [{ http_port: '70000' }, /65535/],
    [{ http_port: 'x' }, /port/],
    [{ user: 'ada' }, /password/],
    [{ password: '' }, /empty/],
    [{ password: 'a', password_file: 'b' }, /not both/],
    [{ password_file: '/no/such/file' }, /does not exist/],
    [{ log_level: 'loud' }, /log_level/],
    [{ max_body_bytes: '-1' }, /max_body_bytes/],
    [{ settings: { a: {} } }, /setting a/],
  ])('refuses %o', (flags, message) => {
    expect(() => loadConfig(flags, {})).toThrow(message);
  });

  it.each(['[1]', '{', '"x"'])('refuses the file %s', (text) => {
    expect(() => loadConfig({ config: file(text) }, {})).toThrow(/JSON/);
  });

  it('binds beyond loopback with a password, also from a file', () => {
    const password_file = join(folder, 'password');
    writeFileSync(password_file, 'secret\n');
    const config = loadConfig({ host: '0.0.0.0', password_file }, {});
    expect(config.login).toEqual({ user: 'default', password: 'secret' });
  });
});

describe('isLoopbackAddress', () => {
  it.each(['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1'])(
    '%s is one',
    (a) => expect(isLoopbackAddress(a)).toBe(true),
  );
  it.each(['0.0.0.0', '10.0.0.1', 'localhost.evil.example', '127.0.0.1.x', '', '::', '1270.0.0.1'])(
    '%s is none',
    (a) => expect(isLoopbackAddress(a)).toBe(false),
  );
});
