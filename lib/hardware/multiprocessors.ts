/**
 * Streaming multiprocessors that are enabled on a GPU, by the catalogue's names.
 *
 * Source: NVIDIA's architecture white papers and data sheets
 */
const MULTIPROCESSORS: Readonly<Record<string, number>> = {
  "B200": 148,
  "GH200-144GB": 132,
  "GH200-96GB": 132,
  "H200": 132,
  "H100-96GB": 132,
  "H100-94GB": 132,
  "H100-80GB": 132,
  "H800-80GB": 132,
  "H100-80GB-PCIe": 114,
  "A100-80GB": 108,
  "A800-80GB": 108,
  "A100-40GB": 108,
  "A40": 84,
  "A30": 56,
  "A10": 72,
  "A10G": 80,
  "L40": 142,
  "L40S": 142,
  "L4": 58,
  "V100-32GB": 80,
  "V100-16GB": 80,
  "T4": 40,
  "RTX A6000": 84,
  "RTX A5000": 64,
  "RTX 6000 Ada": 142,
  "RTX 5090": 170,
  "RTX 4090": 128,
  "RTX 4080": 76,
  "RTX 4070": 46,
  "RTX 3090 Ti": 84,
  "RTX 3090": 82,
  "RTX 3080-10GB": 68,
  "RTX 3060-12GB": 28,
  "RTX 2080 Ti": 68,
};

/** A GPU's multiprocessors; null where they are not known here. */
export function multiprocessorsOf(gpu: string): number | null {
  return MULTIPROCESSORS[gpu] ?? null;
}
