/** Shell commands that report metrics as the SDK does, without needing it. */

/** Defines a shell function `report TYPE VALUE [SEQUENCE]`; the value is JSON text. */
export const reportFunction = `report() {
  local value=\${2//\\\\/\\\\\\\\}; value=\${value//\\"/\\\\\\"}
  local id=$(sed 's/.*"parameter_id":\\([^,]*\\),.*/\\1/' "$NNI_SYS_DIR/parameter.cfg")
  local json='{"parameter_id": '$id', "trial_job_id": "'$NNI_TRIAL_JOB_ID'", "type": "'$1'", "sequence": '\${3:-0}', "value": "'$value'"}'
  local LC_ALL=C
  printf 'ME%06d%s\\n' $((\${#json} + 1)) "$json" >> "$NNI_SYS_DIR/.nni/metrics"
}
`;

/** A command that runs these lines with `report` defined. */
export function shellTrial(lines: string): string {
  return `${reportFunction}${lines}`;
}
