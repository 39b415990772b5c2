/** What is posted to the robot. https://open.dingtalk.com/document/robots/custom-robot-access */
export type RobotMessage = {
  msgtype: 'text'
  text: { content: string }
  at?: { atMobiles?: string[]; atUserIds?: string[]; isAtAll?: boolean }
}

/** Bytes of a message; it is not said of which part, so the whole request stays below. */
export const longestMessage = 20_000
