// Which files were dropped or chosen, by their names as people count: IM2 before IM10. Folders are
// walked through; litter is left out.

const BY_NAME = new Intl.Collator("en", { numeric: true });
const LITTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** The files of a drop, those in dropped folders too, and the names of what cannot be read. */
export async function filesOfDrop(transfer) {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry); // read at once: the list is gone after the event
  const plain = [...transfer.files].map((file) => ({ file, path: file.name }));
  if (!entries.length) return { files: tidied(plain), unreadable: [] };
  const found = { files: [], unreadable: [] };
  for (const entry of entries) await walk(entry, found);
  return { files: tidied(found.files), unreadable: found.unreadable };
}

/** The files of an <input type="file">, of a folder too. */
export function filesOfInput(input) {
  return tidied([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
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
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.files.push({ file, path: entry.fullPath ?? entry.name });
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

function tidied(found) {
  return found
    .filter(({ file }) => !LITTER.has(file.name))
    .sort((one, other) => inOrder(one.path.split("/"), other.path.split("/")))
    .map(({ file }) => file);
}

/** Folder by folder, so that the files of two folders do not mix. */
function inOrder(one, other) {
  for (const [at, part] of one.entries()) {
    if (at >= other.length) return 1;
    const difference = BY_NAME.compare(part, other[at]);
    if (difference) return difference;
  }
  return one.length - other.length;
}
