/* How long somebody has looked at what is shown, a page in the background left out. */

let since = performance.now(); // when it was shown, or the page was last looked at
let before = 0; // milliseconds of looking until then

/** Something else is shown from now on. */
export function restart() {
  before = 0;
  since = performance.now();
}

/** Whole milliseconds that it was looked at. */
export const looked = () => Math.round(before + performance.now() - since);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) before += performance.now() - since;
  else since = performance.now();
});
