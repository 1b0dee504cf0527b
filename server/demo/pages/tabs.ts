/** Tabs as WAI-ARIA describes them: arrow keys move, the chosen panel is shown, and told so by an event `shown`. */

export function connectTabs(tablist: HTMLElement): void {
  const tabs = [...tablist.querySelectorAll<HTMLButtonElement>('[role=tab]')];
  const choose = (chosen: HTMLButtonElement) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute('aria-controls')!)!;
      panel.hidden = !isChosen;
      if (isChosen) panel.dispatchEvent(new Event('shown'));
    }
  };
  for (const tab of tabs) tab.addEventListener('click', () => choose(tab));
  tablist.addEventListener('keydown', (event) => {
    const index = tabs.indexOf(event.target as HTMLButtonElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const target = tabs.at((index + step) % tabs.length)!;
    choose(target);
    target.focus();
  });
}
