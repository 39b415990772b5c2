import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const fallback = path.resolve(import.meta.dirname, '../../../shared/data/commerceml')

/** The published samples and schemas; CARAVAN_COMMERCEML names another folder. */
export const commercemlFolder = process.env['CARAVAN_COMMERCEML'] ?? fallback

const schema = path.join(commercemlFolder, 'xsd', 'commerceml-2.08.xsd')

/** Why nothing can be validated here; undefined when it can. */
export function whyNoXmllint(): string | undefined {
  if (!existsSync(schema))
    return `there is no schema ${schema}; CARAVAN_COMMERCEML names its folder`
  const { error } = spawnSync('xmllint', ['--version'])
  return error && 'xmllint is not installed (Debian: libxml2-utils)'
}

/**
 * What xmllint has against the texts; empty when they are valid. `withCustomers` adds Контрагенты below the root, which
 * the published schema does not know, in the shape that it has in documents.
 */
export function violations(texts: readonly string[], withCustomers = false): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'caravan-xsd-'))
  try {
    const files = texts.map((text, index) => {
      const file = path.join(folder, `${index}.xml`)
      writeFileSync(file, text)
      return file
    })
    let against = schema
    if (withCustomers) {
      against = path.join(folder, 'customers.xsd')
      writeFileSync(against, customersSchema)
    }
    const options = { stdio: 'pipe', maxBuffer: 1 << 28, encoding: 'utf8' } as const
    execFileSync('xmllint', ['--noout', '--schema', against, ...files], options)
    return ''
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    return text
      .split('\n')
      .filter((line) => !line.endsWith(' validates'))
      .slice(0, 20)
      .join('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const customersSchema = `<?xml version="1.0" encoding="UTF-8"?>
<xsd:schema targetNamespace="urn:1C.ru:commerceml_2" xmlns:cml="urn:1C.ru:commerceml_2"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
  <xsd:redefine schemaLocation="${schema}">
    <xsd:complexType name="КоммерческаяИнформация">
      <xsd:complexContent>
        <xsd:extension base="cml:КоммерческаяИнформация">
          <xsd:sequence>
            <xsd:element name="Контрагенты" minOccurs="0">
              <xsd:complexType>
                <xsd:sequence>
                  <xsd:element name="Контрагент" maxOccurs="unbounded">
                    <xsd:complexType>
                      <xsd:complexContent>
                        <xsd:extension base="cml:Контрагент">
                          <xsd:sequence><xsd:element name="Роль" type="cml:РольТип"/></xsd:sequence>
                        </xsd:extension>
                      </xsd:complexContent>
                    </xsd:complexType>
                  </xsd:element>
                </xsd:sequence>
                <xsd:attribute name="СодержитТолькоИзменения" type="xsd:boolean"/>
              </xsd:complexType>
            </xsd:element>
          </xsd:sequence>
        </xsd:extension>
      </xsd:complexContent>
    </xsd:complexType>
  </xsd:redefine>
</xsd:schema>
`
