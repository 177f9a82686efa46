import { describe, expect, test } from '@jest/globals';
import { compileRoute, matchRoute } from '../../../lib/local/functions-host/http/routes.ts';

const definition = (route: string | undefined, name = 'f', methods: readonly string[] = ['GET']) => ({
  name,
  trigger: { name: 'req', type: 'httpTrigger', methods, ...(route === undefined ? {} : { route }) },
  inputs: [],
  outputs: [],
  retry: undefined,
});

function params(route: string, path: string): unknown {
  return matchRoute([compileRoute(definition(route), 'api')], 'GET', path)?.params;
}

describe('a route template', () => {
  test.each([
    ['sites/{site}', '/api/sites/paris', { site: 'paris' }],
    ['sites/{site}', '/api/sites', undefined],
    ['sites/{site}', '/api/sites/paris/x', undefined],
    ['sites/{site?}', '/api/sites', {}],
    ['sites/{site=all}', '/api/sites', { site: 'all' }],
    ['sites/{site=all}', '/api/sites/paris', { site: 'paris' }],
    ['sites/{site}', '/api/sites/z%C3%BCrich', { site: 'zürich' }],
    ['sites/{site}', '/api/sites/a%2Fb', { site: 'a%2Fb' }],
    ['sites/{site}', '/api/sites/100%', { site: '100%' }],
    ['files/{*path}', '/api/files/a/b/c', { path: 'a/b/c' }],
    ['files/{*path}', '/api/files', {}],
    ['report-{year}.{kind}', '/api/report-2026.pdf', { year: '2026', kind: 'pdf' }],
    ['a.b', '/api/axb', undefined],
    ['n/{n:int}', '/api/n/-5', { n: '-5' }],
    ['n/{n:int}', '/api/n/five', undefined],
    ['n/{n:int?}', '/api/n', {}],
    ['n/{n:range(1,5)}', '/api/n/5', { n: '5' }],
    ['n/{n:range(1,5)}', '/api/n/6', undefined],
    ['n/{n:min(3):max(4)}', '/api/n/5', undefined],
    ['n/{n:length(2)}', '/api/n/ab', { n: 'ab' }],
    ['n/{n:minlength(2)}', '/api/n/a', undefined],
    ['n/{n:alpha}', '/api/n/a1', undefined],
    ['n/{n:bool}', '/api/n/TRUE', { n: 'TRUE' }],
    ['n/{n:guid}', '/api/n/0f8fad5b-d9cb-469f-a165-70867728950e', { n: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
    ['n/{n:guid}', '/api/n/0f8fad5b', undefined],
    ['n/{n:long}', '/api/n/9223372036854775808', undefined],
    ['n/{n:double}', '/api/n/1.5e3', { n: '1.5e3' }],
    ['n/{n:regex(^\\d{{3}}$)}', '/api/n/123', { n: '123' }],
    ['n/{n:regex(^\\d{{3}}$)}', '/api/n/1234', undefined],
  ])('%s and %s', (route, path, expected) => {
    expect(params(route, path)).toEqual(expected);
  });

  test('without one, the function is found by its name', () => {
    expect(matchRoute([compileRoute(definition(undefined, 'Hello'), 'api')], 'GET', '/api/hello')?.params).toEqual({});
  });

  test('the same path serves one function a method', () => {
    const routes = [definition('x', 'get', ['GET']), definition('x', 'put', ['put'])].map((one) =>
      compileRoute(one, ''),
    );
    expect(matchRoute(routes, 'PUT', '/x')?.definition.name).toBe('put');
    expect(matchRoute(routes, 'DELETE', '/x')).toBeUndefined();
  });

  test('where two fit, the first wins, literal or not', () => {
    const routes = [definition('dup/{x}', 'a'), definition('dup/fixed', 'b')].map((one) => compileRoute(one, ''));
    expect(matchRoute(routes, 'GET', '/dup/fixed')?.definition.name).toBe('a');
  });

  test.each([
    ['admin/x', '', 'conflicts with one or more built in routes'],
    ['runtime', '', 'conflicts with one or more built in routes'],
    ['n/{n:nosuch}', 'api', "'nosuch' is not known"],
    ['n/{n', 'api', 'unbalanced braces'],
    ['n/{}', 'api', 'has no name'],
  ])('refuses %s', (route, prefix, message) => {
    expect(() => compileRoute(definition(route), prefix)).toThrow(message);
  });
});
