import { expect, test } from "vitest";
import { priority } from "../../../../src/balancer/algorithms/priority.ts";
import { choose, openBalancer, orderAt, weighted } from "../../../support/balancer.ts";

const targets = weighted(10, 70, 10, 70, 70);

test("the heaviest group comes first, its members in turn, then the next group", () => {
  const balancer = openBalancer(priority, targets);
  const orders = Array.from({ length: 4 }, () => {
    const order = orderAt(balancer, targets);
    choose(balancer, targets);
    return order.join("");
  });
  expect(orders).toEqual(["13402", "34102", "41302", "13402"]);
});

test("a group that stands in takes turns too, and the first has lost none of its", () => {
  const balancer = openBalancer(priority, targets);
  choose(balancer, targets);
  const left = targets.filter(({ weight }) => weight === 10);
  expect([choose(balancer, left), choose(balancer, left), choose(balancer, left)]).toEqual([0, 2, 0]);
  expect(choose(balancer, targets)).toBe(3);
});
