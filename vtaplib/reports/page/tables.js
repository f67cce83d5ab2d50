// Long tables can be sorted by a column and filtered. Whatever is typed or stands in a cell is text.
"use strict";
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const make = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// What a cell counts as: a number, NaN where a column of numbers has words instead, or a text.
const keyOf = (cell) => {
  if (!cell.classList.contains("number")) return cell.textContent;
  return parseFloat(cell.dataset.value ?? cell.textContent.replaceAll(",", ""));
};
const compare = (one, other) => {
  if (typeof one === "string") return collator.compare(one, other);
  return one - other;
};

const makeSortable = (table) => {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const isNumber = heading.classList.contains("number");
    const orders = isNumber ? ["descending", "ascending"] : ["ascending", "descending"];
    const button = make("button", { type: "button" }, ...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      // Once, the other way round, and back to the order of the report.
      const order = orders[orders.indexOf(heading.getAttribute("aria-sort")) + 1] ?? null;
      headings.forEach((one) => one.removeAttribute("aria-sort"));
      if (order === null) {
        body.append(...original);
        return;
      }
      heading.setAttribute("aria-sort", order);
      const keyed = original.map((row) => [keyOf(row.cells[column]), row]);
      const words = keyed.filter(([key]) => Number.isNaN(key));
      const known = keyed.filter(([key]) => !Number.isNaN(key));
      const sign = order === "ascending" ? 1 : -1;
      known.sort(([one], [other]) => sign * compare(one, other));
      body.append(...[...known, ...words].map(([, row]) => row));
    });
  });
};

const makeFilter = (table, frame) => {
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => {
    const text = [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase();
    return `${text}\n${text.replaceAll(",", "")}`;
  });
  const field = make("input", { type: "search", autocomplete: "off", spellcheck: false });
  const status = make("span", {});
  status.setAttribute("role", "status");
  field.setAttribute("aria-label", `Filter ${table.caption.textContent}`);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let shown = 0;
    rows.forEach((row, number) => {
      row.hidden = !words.every((word) => texts[number].includes(word));
      shown += !row.hidden;
    });
    const isFiltered = field.value.trim() !== "";
    status.textContent = isFiltered ? `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows` : "";
  });
  frame.before(make("div", { className: "filter" }, make("label", {}, "Filter ", field), " ", status));
};

for (const frame of document.querySelectorAll(".scroll.long")) {
  const table = frame.querySelector("table");
  makeSortable(table);
  makeFilter(table, frame);
}
