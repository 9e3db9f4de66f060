/** Where all but the configuration of Gradio's clients stands. */
export const PREFIX = "/gradio_api";
