import type { ExportCustomer } from '../../formats/commerceml/write-model.ts'
import type { StoredCustomer } from '../../store/catalog/read-customers.ts'

const kinds = { legal: 'legal', sole_proprietor: 'proprietor', person: 'person' } as const

/** A customer of the state as the CommerceML writer takes it. What 1C once told is told back as it was. */
export const toExportCustomer = (customer: StoredCustomer): ExportCustomer => {
  const { details, contacts, accounts } = customer
  const { birthDate, ...told } = details as Partial<ExportCustomer>
  return {
    ...told,
    ...(birthDate && { birthDateIso: birthDate }),
    id: customer.onecId ?? customer.externalId,
    name: customer.name,
    fullName: told.fullName ?? customer.fullName ?? undefined,
    kind: kinds[customer.kind],
    inn: customer.taxId ?? undefined,
    kpp: customer.kpp ?? undefined,
    okpo: customer.okpo ?? undefined,
    lastName: customer.lastName ?? undefined,
    firstName: customer.firstName ?? undefined,
    middleName: customer.middleName ?? undefined,
    isDeleted: customer.status === 'marked',
    ...(customer.address && { address: { text: customer.address, fields: [] } }),
    ...(customer.legalAddress && {
      legalAddress: told.legalAddress ?? { text: customer.legalAddress, fields: [] },
    }),
    contacts: contacts as unknown as ExportCustomer['contacts'],
    accounts: accounts as unknown as ExportCustomer['accounts'],
  }
}
