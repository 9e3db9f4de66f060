/** The head of a table of measured runs. */
export function RunsHead() {
  return (
    <thead>
      <tr>
        <th scope="col">Run</th>
        <th scope="col">Counter</th>
        <th scope="col" class="number">Measured</th>
        <th scope="col" class="number">Predicted</th>
        <th scope="col">Source</th>
      </tr>
    </thead>
  );
}
