export * from "npm:@gradio/client@2.7.0";
