// Reads the page again when something changed, and takes dropped files. Nothing depends on it.
"use strict";
(() => {
  const isBusy = () => {
    const main = document.getElementById("main");
    const fields = [...main.querySelectorAll("input:not([type=hidden]), textarea, select")];
    const isChanged = (field) => field.value !== (field.tagName === "SELECT"
      ? ([...field.options].find((option) => option.defaultSelected) || field.options[0]).value
      : field.defaultValue);
    const isOpen = main.querySelector("details[open]") !== null;
    const isIn = main.contains(document.activeElement) && document.activeElement !== main;
    return isIn || isOpen || fields.some(isChanged) || !document.getSelection().isCollapsed;
  };
  let isReading = false;
  const read = async () => {
    if (isReading || document.hidden || isBusy()) return;
    isReading = true;
    try {
      const answer = await fetch(location.href, { headers: { "x-by-itself": "1" } });
      if (answer.redirected) return location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      const main = document.getElementById("main");
      // The content of a job stays where it was scrolled to.
      const frame = main.querySelector("iframe");
      if (frame && fresh.querySelector("iframe")?.src === frame.src) {
        for (const part of ["facts", "story", "forms"]) {
          const [old, next] = [main.querySelector("#" + part), fresh.querySelector("#" + part)];
          if (old && next && !isBusy()) old.replaceWith(next);
        }
      } else if (fresh && !isBusy()) {
        main.innerHTML = fresh.innerHTML;
      }
    } catch {
      // The server is away; the next event or minute tries again.
    } finally {
      isReading = false;
    }
  };
  if (document.querySelector("main[data-live]")) {
    let version;
    const source = new EventSource("/events");
    source.addEventListener("change", (event) => {
      if (version !== undefined && version !== event.data) read();
      version = event.data;
    });
    setInterval(read, 60000);
    document.addEventListener("visibilitychange", read);
  }
  const text = document.querySelector("textarea[data-drop]");
  if (text) {
    const take = async (file) => {
      if (!file) return;
      text.value = await file.text();
      document.getElementById("file-name").value = file.name;
    };
    const picker = document.getElementById("file");
    picker.closest("p").hidden = false;
    picker.addEventListener("change", () => take(picker.files[0]));
    text.addEventListener("dragover", (event) => { event.preventDefault(); text.classList.add("over"); });
    text.addEventListener("dragleave", () => text.classList.remove("over"));
    text.addEventListener("drop", (event) => {
      event.preventDefault();
      text.classList.remove("over");
      take(event.dataTransfer.files[0]);
    });
  }
  // On a phone the row of pages is longer than the screen.
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
