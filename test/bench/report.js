/** Rows of every part as a table; a goal is a largest ratio. */
export function printTable(rows) {
  const head = ["part", "measure", "direct", "R", "gw", "ratio", "goal"];
  const lines = rows.map((row) => [
    row.part,
    `${row.measure} (${row.unit})`,
    number(row.direct),
    number(row.reference),
    number(row.gateway),
    row.ratio === undefined ? "" : row.ratio.toFixed(2),
    row.goal === undefined ? "" : `<= ${row.goal} ${row.ratio <= row.goal ? "met" : "missed"}`,
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column].length)));
  for (const line of [head, ...lines])
    console.log(
      line
        .map((cell, column) => align(cell, widths[column], column))
        .join("  ")
        .trimEnd(),
    );
}

function align(cell, width, column) {
  return column < 2 || column === 6 ? cell.padEnd(width) : cell.padStart(width);
}

/** Three significant digits. */
function number(value) {
  if (value === undefined) return "";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
