/** A TensorBoard that NNI's manager or ours has started over the folders of some trials, as NNI's REST sends it. */
export interface TensorBoardTask {
  id: string;
  /** `RUNNING`, `DOWNLOADING_DATA`, `STOPPING`, `STOPPED`, `ERROR` or `FAIL_DOWNLOAD_DATA`. */
  status: string;
  trialJobIdList: string[];
  trialLogDirectoryList: string[];
  pid?: number;
  /** On the manager's machine. */
  port?: number;
}
