/** Made-up products for the benches of the state: 36 columns, about 700 bytes, keys in no order, as 1C gives them. */
import { productSpec, type CatalogProduct } from '../../src/store/catalog/products.ts'
import type { UpsertRow } from '../../src/store/upsert.ts'

export const benchSource = 'bench'

const at = '2026-01-01T00:00:00.000Z'

export type ProductRow = UpsertRow<'products'>

/** Row `index` as it is after `generation` changes. */
export function productRow(index: number, generation: number): ProductRow {
  const product = catalogProduct(index, generation)
  return {
    ...productSpec.blank,
    source: benchSource,
    external_id: product.externalId,
    name: product.name,
    search: product.name.toLowerCase(),
    model: product.model,
    article: product.article,
    barcode: product.barcode,
    brand: product.brand,
    group_name: product.groupName,
    currency: product.currency,
    supply_price: product.supplyPrice,
    invoice_price: product.invoicePrice,
    image_url: product.imageUrl,
    page_urls: JSON.stringify(product.pageUrls),
    is_sales: 1,
    details: JSON.stringify(product.details),
    status: 'active',
    marked_at: null,
    marked_reason: null,
    content_hash: (index * 31 + generation).toString(16).padStart(43, '0'),
    created_at: at,
    updated_at: at,
    synced_at: at,
  }
}

/** The same as a source tells it. */
export const catalogProduct = (index: number, generation: number) =>
  ({
    externalId: `${((index * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')}-4c1e-11ef-9a2b-${index.toString(16).padStart(12, '0')}`,
    name: `Холодильник Haier C2F${index % 997} двухкамерный, серебристый №${index}`,
    model: `C2F${index % 997}`,
    article: `HR-${index.toString(36).toUpperCase()}`,
    barcode: String(6_900_000_000_000 + index),
    brand: 'Haier',
    groupName: `group ${index % 311}`,
    currency: 'CNY',
    supplyPrice: 4_999_000 + ((index * 37) % 100_000) + generation,
    invoicePrice: 5_499_000,
    imageUrl: `https://cdn.example.test/catalog/haier/${index}/main-1200x1200.jpg`,
    pageUrls: [`https://www.example.test/products/${index}`],
    isSales: true,
    details: { width_mm: 595, height_mm: 1905, color: 'silver', noise_db: 35 + (index % 9) },
  }) satisfies CatalogProduct
