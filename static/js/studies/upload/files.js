// Which files were dropped or chosen. Folders are walked through; litter is left out.

const LITTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** The files of a drop, those in dropped folders too, and the names of what cannot be read. */
export async function filesOfDrop(transfer) {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry); // read at once: the list is gone after the event
  const plain = [...transfer.files];
  if (!entries.length) return { files: tidied(plain), unreadable: [] };
  const found = { files: [], unreadable: [] };
  for (const entry of entries) await walk(entry, found);
  return { files: tidied(found.files), unreadable: found.unreadable };
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
  try {
    if (entry.isFile) {
      found.files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      // A reader gives at most 100 entries at a time, and an empty list at the end.
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!batch.length) return;
      for (const inner of batch) await walk(inner, found);
    }
  } catch {
    found.unreadable.push(entry.name); // one of them does not stop the others
  }
}

function tidied(files) {
  return files
    .filter((file) => !LITTER.has(file.name))
    .sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}
