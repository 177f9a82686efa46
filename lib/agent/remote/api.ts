// The HTTP API of the backend, each request signed with the endpoint's key (lib/protocol/api.ts).
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
}

const timeoutMs = 30_000;

export function apiOf(options: ApiOptions): Api {
  const post = async (what: string, value: object): Promise<unknown> => {
    const path = `/api/groups/${options.group}/${what}`;
    const body = JSON.stringify(value);
    const time = String(options.clock.now());
    count(`requests.api.${what}`);
    const response = await fetch(`${options.url}${path}`, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        [endpointHeader]: options.endpoint,
        [timeHeader]: time,
        [signatureHeader]: signText(signedText('POST', path, time, body), options.privateKey),
      },
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw refusalOf(response.status, text);
  };
  return {
    incarnation: async (holder, incarnation) =>
      incarnationAnswer.parse(await post('incarnation', { holder, incarnation })),
    access: async () => accessAnswer.parse(await post('access', {})),
    release: async () => void (await post('release', {})),
    report: async (report) => reportAnswer.parse(await post('report', report)),
    slots: async (wanted) => slotsAnswer.parse(await post('slots', { count: wanted })),
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
