// Who is asking: the first user by Basic authorization, X-ClickHouse headers or URL parameters;
// without a password the user `default`, from loopback only.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { User } from '../engine/facade.ts';
import { type Config, isLoopbackAddress } from './config.ts';
import { RequestError } from './request-error.ts';

interface Credentials {
  user: string;
  password: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** @throws AUTHENTICATION_FAILED or REQUIRED_PASSWORD; takes the same time for a wrong name as for a wrong password */
export function authenticate(
  req: IncomingMessage,
  query: URLSearchParams,
  login: Config['login'],
): User {
  const given = credentialsOf(req, query);
  if (login === undefined) {
    if (!isLoopbackAddress(req.socket.remoteAddress ?? '')) {
      throw new RequestError(
        'ACCESS_DENIED',
        'Without a password only this machine itself gets in. Set COLONNADE_PASSWORD',
      );
    }
    if (given !== undefined && (given.user !== 'default' || given.password !== '')) throw failed();
    return { name: 'default' };
  }
  if (given === undefined) {
    throw new RequestError('REQUIRED_PASSWORD', 'The server asks for a user and a password', {
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="colonnade"' },
    });
  }
  const rightUser = same(given.user, login.user);
  const rightPassword = same(given.password, login.password);
  if (!rightUser || !rightPassword) throw failed();
  return { name: login.user };
}

const failed = (): RequestError =>
  new RequestError(
    'AUTHENTICATION_FAILED',
    'Authentication failed: the password is wrong, or there is no such user',
  );

function credentialsOf(req: IncomingMessage, query: URLSearchParams): Credentials | undefined {
  const found: Credentials[] = [];
  const authorization = req.headers.authorization;
  if (authorization !== undefined) found.push(basic(authorization));
  const user = headerOf(req, 'x-clickhouse-user');
  const key = headerOf(req, 'x-clickhouse-key');
  if (user !== undefined || key !== undefined) {
    found.push({ user: user ?? 'default', password: key ?? '' });
  }
  if (query.has('user') || query.has('password')) {
    found.push({ user: query.get('user') || 'default', password: query.get('password') ?? '' });
  }
  if (found.length > 1) {
    throw new RequestError(
      'AUTHENTICATION_FAILED',
      'Authentication failed: credentials were given in more than one way',
    );
  }
  return found[0];
}

function basic(authorization: string): Credentials {
  const match = /^basic +([a-z0-9+/]+={0,2})$/i.exec(authorization.trim());
  const plain = match?.[1] === undefined ? undefined : Buffer.from(match[1], 'base64').toString();
  const colon = plain?.indexOf(':') ?? -1;
  if (plain === undefined || colon < 0) {
    throw new RequestError(
      'AUTHENTICATION_FAILED',
      'Authentication failed: the Authorization header is not Basic with a name and a password',
    );
  }
  return { user: plain.slice(0, colon) || 'default', password: plain.slice(colon + 1) };
}

const headerOf = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
};
