/* Calls of the server. The token comes in the fragment, stays in this tab and is never in a path. */

const KEPT = "selfinstruct.token";

/** The server did not answer at all. */
export class Gone extends Error {}

/** Take a token out of the address, where it would end up in a screenshot; whether there was one. */
export function takeToken() {
  const token = location.hash.slice(1);
  if (token.length < 40) return false;
  sessionStorage.setItem(KEPT, token);
  history.replaceState(history.state, "", location.pathname + location.search);
  return true;
}

/** What a GET answers: its status and its JSON. */
export function get(path, query = {}) {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  return call(`${path}?${given}`, { method: "GET" });
}

/** What a POST of an object answers. */
export function post(path, body) {
  return call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function call(path, options) {
  const headers = { ...options.headers, "X-Token": sessionStorage.getItem(KEPT) ?? "" };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, redirect: "error" });
    return { status: answer.status, data: await answer.json() };
  } catch (error) {
    if (answer && answer.status >= 500) {
      return { status: answer.status, data: { error: { code: "fault", message: "The server met a fault; its terminal says which." } } };
    }
    throw new Gone(error.message);
  }
}
