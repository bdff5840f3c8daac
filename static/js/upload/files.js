// Which files were dropped or chosen. Folders are walked through; litter is left out.

const LITTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** The files of a drop, those in dropped folders too. */
export async function filesOfDrop(transfer) {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry); // read at once: the list is gone after the event
  const plain = [...transfer.files];
  if (!entries.length) return tidied(plain);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return tidied(found);
}

/** The files of an <input type="file">, of a folder too. */
export function filesOfInput(input) {
  return tidied([...input.files]);
}

/** Whether the file is a ZIP archive, by its first bytes, whatever its name. */
export async function isZip(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const [p, k, third] = head;
  return p === 0x50 && k === 0x4b && (third === 3 || third === 5);
}

async function walk(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives at most 100 entries at a time, and an empty list at the end.
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const inner of batch) await walk(inner, found);
  }
}

function tidied(files) {
  return files
    .filter((file) => !LITTER.has(file.name))
    .sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}
