// Which addresses of the network are everybody's. All others belong to this machine, to a network around
// it, or to a cloud that gives its secrets to whoever asks from inside.

import { BlockList, isIP } from 'node:net';

const inside = new BlockList();
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]) {
  const [net = '', bits] = range.split('/');
  inside.addSubnet(net, Number(bits), 'ipv4');
}

/** Of version 6 only 2000::/3 is given out; parts of it lead back to version 4 or to nobody. */
const given = new BlockList();
given.addSubnet('2000::', 3, 'ipv6');
const exceptions = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  exceptions.addSubnet(net, bits, 'ipv6');
}

export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !inside.check(address, 'ipv4');
    case 6:
      return given.check(address, 'ipv6') && !exceptions.check(address, 'ipv6');
    default:
      return false;
  }
}
