import type { AdapterEntry } from '../core/adapter.ts'

/**
 * Every adapter there is; adding one is one line here. Each is loaded when a service of it is used: a program that
 * opened forty vendors' schemas for every command would be slow to start.
 */
export const adapters: readonly AdapterEntry[] = [
  { id: 'haier', kind: 'supplier', load: async () => (await import('./haier/index.ts')).haier },
  {
    id: 'tencent-sms',
    kind: 'sms',
    load: async () => (await import('./tencent-sms/index.ts')).tencentSms,
  },
  {
    id: 'aliyun-sms',
    kind: 'sms',
    load: async () => (await import('./aliyun-sms/index.ts')).aliyunSms,
  },
  { id: 'twilio', kind: 'sms', load: async () => (await import('./twilio/index.ts')).twilio },
  { id: 'smsc-ru', kind: 'sms', load: async () => (await import('./smsc-ru/index.ts')).smscRu },
  { id: 'sms-ru', kind: 'sms', load: async () => (await import('./sms-ru/index.ts')).smsRu },
  {
    id: 'wecom-robot',
    kind: 'alert',
    load: async () => (await import('./wecom-robot/index.ts')).wecomRobot,
  },
  {
    id: 'dingtalk-robot',
    kind: 'alert',
    load: async () => (await import('./dingtalk-robot/index.ts')).dingtalkRobot,
  },
  {
    id: 'feishu-robot',
    kind: 'alert',
    load: async () => (await import('./feishu-robot/index.ts')).feishuRobot,
  },
  {
    id: 'telegram-bot',
    kind: 'alert',
    load: async () => (await import('./telegram-bot/index.ts')).telegramBot,
  },
  {
    id: 'slack-webhook',
    kind: 'alert',
    load: async () => (await import('./slack-webhook/index.ts')).slackWebhook,
  },
  { id: 'webhook', kind: 'alert', load: async () => (await import('./webhook/index.ts')).webhook },
  { id: 'smtp', kind: 'alert', load: async () => (await import('./smtp/index.ts')).smtp },
]
