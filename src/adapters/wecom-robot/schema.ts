/** What is posted to the robot. https://developer.work.weixin.qq.com/document/path/91770 */
export type RobotMessage = {
  msgtype: 'text'
  text: {
    /** At most 2048 bytes. */
    content: string
    /** User ids; `@all` is everybody. */
    mentioned_list?: string[]
    mentioned_mobile_list?: string[]
  }
}

/** Bytes of UTF-8 in the content of a text message. */
export const longestText = 2048
