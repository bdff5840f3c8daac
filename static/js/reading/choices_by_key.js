// No arrow key changes a finding or an assessment: it moves the focus among the choices, and Space chooses.

const CHOICES = ".ns-finding input[type=radio], [data-line] input[type=radio]";
const MOVES = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

/** Whether it is a choice of a finding or of an assessment. */
const isChoice = (target) => Boolean(target.matches?.(CHOICES));

// After what listens to the document: another script may have taken the key.
addEventListener("keydown", (event) => {
  const by = MOVES[event.key];
  const { target, defaultPrevented, ctrlKey, metaKey, altKey } = event;
  if (!by || defaultPrevented || ctrlKey || metaKey || altKey || !isChoice(target)) return;
  event.preventDefault();
  const fields = [...target.form.elements].filter(
    (one) => one.name === target.name && isChoice(one) && !one.disabled && !one.closest("[inert]"),
  );
  fields[(fields.indexOf(target) + by + fields.length) % fields.length].focus();
});
