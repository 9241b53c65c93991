'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('on');
  const $ = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Read once: what is searched never changes. Only a person's search makes it worth the reading.
  const cards = all('#findings .finding').map((element) => ({ element, text: null }));
  const groups = all('.matrix tbody').map((element) => ({
    element,
    rows: all('tr:not(.ou)', element).map((row) => ({
      element: row, text: null, isWell: row.classList.contains('well'),
    })),
  }));
  const textOf = (item) => (item.text ??= item.element.textContent.toLowerCase());

  const search = $('search'), kind = $('kind'), isNew = $('new'), matters = $('matters');
  const clear = $('clear'), severities = all('.toggle[data-severity]');
  const isOn = (button) => button?.getAttribute('aria-pressed') === 'true';
  const press = (button, on) => button?.setAttribute('aria-pressed', String(on));
  const number = (n) => n.toLocaleString('en');
  const say = (element, shown, of) => {
    element.textContent = shown === of ? number(of) : `${number(shown)} of ${number(of)}`;
  };

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(severities.filter(isOn).map((button) => button.dataset.severity));
    const finds = (item) => words.length === 0 || words.every((word) => textOf(item).includes(word));
    let shown = 0;
    for (const card of cards) {
      const { severity, kind: itsKind, new: itsNew } = card.element.dataset;
      const fits = (wanted.size === 0 || wanted.has(severity)) && (!kind?.value || kind.value === itsKind)
        && (!isOn(isNew) || itsNew !== undefined) && finds(card);
      card.element.hidden = !fits;
      shown += fits;
    }
    let rows = 0, ofRows = 0;
    for (const group of groups) {
      const unit = group.element.rows[0].textContent.toLowerCase();
      let here = 0;
      for (const row of group.rows) {
        const fits = (!isOn(matters) || !row.isWell)
          && words.every((word) => textOf(row).includes(word) || unit.includes(word));
        row.element.hidden = !fits;
        here += fits;
      }
      group.element.hidden = here === 0;
      rows += here;
      ofRows += group.rows.length;
    }
    say($('shown'), shown, cards.length);
    say($('rows'), rows, ofRows);
    if ($('none')) $('none').hidden = shown > 0;
    clear.hidden = !(words.length || wanted.size || kind?.value || isOn(isNew) || isOn(matters));
  }

  function reset() {
    search.value = '';
    if (kind) kind.value = '';
    [...severities, isNew, matters].forEach((button) => press(button, false));
    filter();
  }

  search.addEventListener('input', filter);
  kind?.addEventListener('change', filter);
  clear.addEventListener('click', () => { reset(); search.focus(); });
  all('.toggle').forEach((button) => button.addEventListener('click', () => {
    press(button, !isOn(button));
    filter();
  }));

  const unfold = $('unfold');
  unfold.addEventListener('click', () => {
    press(unfold, !isOn(unfold));
    unfold.textContent = isOn(unfold) ? 'Close all' : 'Open all';
    cards.forEach(({ element }) => { if (!element.hidden) element.open = isOn(unfold); });
  });

  // A link to a finding shows it, whatever the filter says.
  function arrive() {
    const target = location.hash.startsWith('#f-') && $(location.hash.slice(1));
    if (!target) return;
    if (target.hidden) reset();
    target.open = true;
    target.scrollIntoView({ block: 'center' });
    target.querySelector('summary').focus({ preventScroll: true });
  }
  addEventListener('hashchange', arrive);
  arrive();

  document.addEventListener('click', (event) => {
    const account = event.target.closest('[data-search]');
    if (account) {
      reset();
      search.value = account.dataset.search;
      filter();
    }
    const same = event.target.closest('a[href^="#f-"]');
    if (same && same.hash === location.hash) arrive();
    const button = event.target.closest('.copy');
    if (button) copy(button);
  });

  async function copy(button) {
    const code = button.previousElementSibling;
    let isDone = false;
    try {
      await navigator.clipboard.writeText(code.textContent);
      isDone = true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      isDone = document.execCommand('copy');
    }
    button.textContent = isDone ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  }

  addEventListener('keydown', (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName);
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && !clear.hidden) {
      reset();
    }
  });

  const theme = $('theme');
  const isDark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const name = () => { theme.textContent = isDark() ? 'Light' : 'Dark'; };
  theme.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; name(); });
  name();

  // Paper shows everything that the filter shows, opened.
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = all('details:not([open])');
    closed.forEach((element) => { element.open = true; });
  });
  addEventListener('afterprint', () => closed.forEach((element) => { element.open = false; }));
})();
