package dev.bellows.jobs.source;

import java.io.Serializable;
import java.util.List;

/**
 * Windows of a series: L steps of all variables are seen, the H steps after them are learnt.
 *
 * @param variables columns that are seen, C
 * @param targets those of them that are learnt, K
 * @param input steps seen, L
 * @param horizon steps learnt, H
 * @param relative whether values are less the last seen one of their variable
 * @param variablesFirst whether a row is [C, L] to the network, else [L, C]
 */
public record SeriesShape(
    List<String> variables,
    List<String> targets,
    int input,
    int horizon,
    boolean relative,
    boolean variablesFirst)
    implements Serializable {

  /** Numbers seen of a row. */
  public int width() {
    return Math.multiplyExact(input, variables.size());
  }

  /** Whether a model of this shape can be measured on rows of another one. */
  public boolean fits(SeriesShape other) {
    return variables.equals(other.variables)
        && targets.equals(other.targets)
        && input == other.input
        && horizon == other.horizon;
  }
}
