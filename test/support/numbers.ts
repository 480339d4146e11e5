// Numbers that belong to nobody: 555-0100 to 555-0199 are reserved for fiction in every North American area.
const AREAS = [201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 331, 334, 336, 337, 339, 347, 351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419, 423, 424, 425, 430, 432, 434, 435, 440, 443, 458, 469, 470, 475, 478, 479, 480, 484, 501, 502, 503] // prettier-ignore

/** The n-th reserved number (0 to 10,399). */
export function reservedNumber(n: number): string {
  const area = AREAS[Math.floor(n / 100) % AREAS.length]
  return `+1${area}55501${String(n % 100).padStart(2, '0')}`
}

/** The first `length` reserved numbers. */
export function reservedNumbers(length: number): string[] {
  return Array.from({ length }, (_, n) => reservedNumber(n))
}
