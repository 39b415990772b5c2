/** What is posted to the robot. https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
export type RobotMessage = { msg_type: 'text'; content: { text: string } }

/** Bytes of a whole request. The vendor says 20 KB; thousands are the safe reading of it. */
export const longestRequest = 20_000
