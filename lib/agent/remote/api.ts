// The HTTP API of the backend, each request signed with the endpoint's key (lib/protocol/api.ts).
import { connect } from '../../azure/rest/request.ts';
import { TidewayError } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import { count } from '../../base/counters.ts';
import {
  accessAnswer,
  endpointHeader,
  incarnationAnswer,
  refusal,
  signatureHeader,
  signedText,
  slotsAnswer,
  timeHeader,
  type Access,
  type Slots,
} from '../../protocol/api.ts';
import { reportAnswer, type Report, type ReportAnswer } from '../../protocol/report.ts';
import { signText } from '../../protocol/message.ts';

export interface ApiOptions {
  /** Of the functions app, without a slash at the end. */
  readonly url: string;
  readonly group: string;
  readonly endpoint: string;
  readonly privateKey: string;
  readonly clock: Clock;
}

export interface Api {
  incarnation(holder: string, incarnation: number): Promise<{ incarnation: number; n: number }>;
  access(): Promise<Access>;
  slots(count: number): Promise<Slots>;
  release(): Promise<void>;
  report(report: Report): Promise<ReportAnswer>;
  close(): void;
}

const timeoutMs = 30_000;
/** Calls are few: what is beyond waits for its turn. */
const sockets = 4;

export function apiOf(options: ApiOptions): Api {
  const url = new URL(options.url);
  const above = url.pathname.replace(/\/$/, '');
  const connection = connect(url.origin, sockets);
  const post = async (what: string, value: object): Promise<unknown> => {
    const path = `/api/groups/${options.group}/${what}`;
    const text = JSON.stringify(value);
    const body = Buffer.from(text);
    const time = String(options.clock.now());
    count(`requests.api.${what}`);
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      [endpointHeader]: options.endpoint,
      [timeHeader]: time,
      [signatureHeader]: signText(signedText('POST', path, time, text), options.privateKey),
    };
    const answer = await connection.request('POST', above + path, headers, body, timeoutMs);
    const said = answer.body.toString('utf8');
    if (answer.status < 300) return JSON.parse(said);
    throw refusalOf(answer.status, said);
  };
  return {
    incarnation: async (holder, incarnation) =>
      incarnationAnswer.parse(await post('incarnation', { holder, incarnation })),
    access: async () => accessAnswer.parse(await post('access', {})),
    release: async () => void (await post('release', {})),
    report: async (report) => reportAnswer.parse(await post('report', report)),
    slots: async (wanted) => slotsAnswer.parse(await post('slots', { count: wanted })),
    close: () => connection.close(),
  };
}

/** The refusal the API spells out, or `backend_failed` where the host itself answered. */
export function refusalOf(status: number, text: string): TidewayError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined; // not from our API: said below
  }
  const parsed = refusal.safeParse(value);
  if (!parsed.success) return new TidewayError('backend_failed', `the backend answered ${status}`);
  const { code, message, hint } = parsed.data;
  return new TidewayError(code, message, { hint });
}
