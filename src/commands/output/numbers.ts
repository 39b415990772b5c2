/** `12 345`: groups are set apart by a narrow blank that no program takes for a decimal mark. */
export const formatCount = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ')

/** `0 B`, `12.3 KB`, `4.0 GB`, in steps of 1000, as the config has them. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}
