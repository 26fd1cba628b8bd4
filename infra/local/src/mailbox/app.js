// The page works without this. With it, mail appears as it comes, the clock goes on, and j and k walk through the list.
const at = (part) => document.querySelector(part);
let mark = at("main").dataset.mark;

async function look() {
  if (document.hidden) return;
  try {
    const pulse = await (await fetch("/local/mailbox/pulse")).json();
    at("#now").innerHTML = pulse.now;
    if (pulse.mark === mark) return;
    mark = pulse.mark;
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const parts = at("main").classList.contains("chosen") ? [".list"] : ["main"];
    for (const part of parts) {
      const scrolled = at(".days")?.scrollTop ?? 0;
      const typed = document.activeElement?.type === "search" ? document.activeElement.value : null;
      at(part).replaceWith(page.querySelector(part));
      if (at(".days")) at(".days").scrollTop = scrolled;
      if (typed !== null) Object.assign(at("[type=search]"), { value: typed }).focus();
    }
  } catch {
    // stopped or starting: look again later
  }
}
setInterval(look, 1500);

addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  setTimeout(() => {
    for (const other of document.querySelectorAll(".steps button")) other.disabled = true;
    button.textContent = button.dataset.busy;
  });
});
addEventListener("pageshow", (event) => event.persisted && location.reload());

addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    at("[type=search]")?.focus();
  }
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const mails = [...document.querySelectorAll(".mail")];
  const next = mails[mails.findIndex((mail) => mail.hasAttribute("aria-current")) + step];
  next?.click();
});

at(".mail[aria-current]")?.scrollIntoView({ block: "nearest" });
