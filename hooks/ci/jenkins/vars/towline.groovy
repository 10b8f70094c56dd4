/**
 * One step of towline-ci: validate, plan, release, promote or wait. Settings by the names below, as docs/ci.md explains
 * them; what a step tells later ones comes back as a map: image, revision.
 *
 *   def released = towline('release', image: 'registry.example/shop/web')
 *   towline('promote', image: released.image, env: 'staging')
 */
def call(Map settings = [:], String step) {
  def steps = ['validate', 'plan', 'release', 'promote', 'wait']
  def names = [
    env: 'TOWLINE_CI_ENV', image: 'TOWLINE_CI_IMAGE', tag: 'TOWLINE_CI_TAG', context: 'TOWLINE_CI_CONTEXT',
    revision: 'TOWLINE_CI_REVISION', timeout: 'TOWLINE_CI_TIMEOUT', comment: 'TOWLINE_CI_COMMENT',
    held: 'TOWLINE_CI_HELD', forge: 'TOWLINE_CI_FORGE', forgeUrl: 'TOWLINE_CI_FORGE_URL',
    project: 'TOWLINE_CI_PROJECT', command: 'TOWLINE_CI_COMMAND'
  ]
  if (!steps.contains(step)) { error "towline: there is no step ${step}" }
  def unknown = settings.keySet() - names.keySet()
  if (unknown) { error "towline: there is no setting ${unknown.join(', ')}" }
  def results = "towline-${step}.env"
  def variables = settings.collect { name, value -> "${names[name]}=${value}".toString() }
  int code = 0
  withEnv(variables + ["TOWLINE_CI_OUTPUT=${results}".toString()]) {
    sh 'rm -f -- "$TOWLINE_CI_OUTPUT"'
    // Values are variables and never part of the command; the step is one of the five above.
    code = sh(returnStatus: true, script: "towline-ci ${step}")
  }
  if (step == 'validate') { junit allowEmptyResults: true, testResults: 'towline-junit.xml' }
  if (step == 'wait' && code == 3) { unstable 'a gate holds the revision' }
  else if (code != 0) { error "towline-ci ${step} ended with ${code}" }
  return fileExists(results) ? parsed(readFile(results)) : [:]
}

/** TOWLINE_CI_IMAGE=... becomes image: ... */
private Map parsed(String text) {
  def found = [:]
  for (line in text.readLines()) {
    int at = line.indexOf('=')
    if (at > 0) { found[line.substring(0, at).replace('TOWLINE_CI_', '').toLowerCase()] = line.substring(at + 1) }
  }
  return found
}
