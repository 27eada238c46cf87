import Foundation

/// The argument parser's completion scripts, made fit for the names of this program: `@last`, `tag:NAME`, `NAME=VALUE`.
enum CompletionScript {
  /// The script as it is to be installed; a text that is no such script stays as it is.
  static func finished(_ script: String) -> String {
    if script.hasPrefix("#!/bin/bash") {
      return script.replacing(
        "complete -o filenames -F _lodestone lodestone",
        with: bash + "\ncomplete -o filenames -F _lodestone_whole_words lodestone")
    }
    if script.hasPrefix("#compdef") {
      return script.replacing(
        #"        __lodestone_complete "${completions[@]:0:-1}""#, with: zsh)
    }
    return script
  }

  private static let bash = #"""
    # Bash begins a new word behind each =, : and @, which the names of runs and parameters hold. The words are put together
    # again; what of them stands before the cursor's own word is taken off the answers.
    _lodestone_whole_words() {
        local rest="${COMP_LINE}" word
        local -a whole=()
        local -i index
        for ((index = 0; index <= COMP_CWORD; index++)); do
            word="${COMP_WORDS[index]}"
            if [[ ${index} -gt 0 && -n "${rest}" && "${rest}" != [[:space:]]* ]]; then
                whole[${#whole[@]} - 1]+="${word}"
            else
                whole+=("${word}")
            fi
            rest="${rest#"${rest%%[![:space:]]*}"}"
            rest="${rest#"${word}"}"
        done
        local -r typed="${whole[${#whole[@]} - 1]}"
        local -r before="${whole[${#whole[@]} - 2]}"
        local -a COMP_WORDS=("${whole[@]}")
        local -i COMP_CWORD=$((${#whole[@]} - 1))
        _lodestone "${1}" "${typed}" "${before}"

        local answer is_file=false is_open=false
        for answer in "${COMPREPLY[@]}"; do
            [[ "${answer}" = *= ]] && is_open=true
            [[ -e "${answer/#\~\//${HOME}/}" ]] && is_file=true
        done
        # There is no space behind "NAME=", and only files are quoted as such.
        "${is_open}" && compopt -o nospace 2> /dev/null
        if ! "${is_file}"; then
            compopt +o filenames 2> /dev/null
            for index in "${!COMPREPLY[@]}"; do
                [[ "${COMPREPLY[index]}" = *' '* ]] && COMPREPLY[index]="$(printf %q "${COMPREPLY[index]}")"
            done
        fi
        local -r taken="${typed%"${2}"}"
        COMPREPLY=("${COMPREPLY[@]#"${taken}"}")
    }

    """#

  private static let zsh = #"""
            # There is no space behind "NAME=".
            local -a open=("${(@M)completions:#*=}")
            if [[ "${#open[@]}" -gt 0 ]]; then
                compadd -S '' -a open
            else
                __lodestone_complete "${completions[@]:0:-1}"
            fi
    """#
}
