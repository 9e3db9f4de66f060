export { default } from "npm:htmx.org@4.0.1/dist/htmx.min.js" with { type: "text" };
