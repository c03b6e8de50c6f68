package dev.bellows.jobs.table;

import dev.bellows.jobs.source.BadRow;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import dev.bellows.jobs.source.Tokenizer;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Which rows of a block can be used, now that the roles of all columns are known. */
public final class RowFilter implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int KEPT = 5;

  /** What is wrong with a cell of some column. */
  private record Rule(
      int column,
      String name,
      boolean textIsBad,
      boolean missingIsBad,
      boolean infiniteIsBad,
      boolean negativeIsBad)
      implements Serializable {}

  /** A column of tags and the text that they belong to. */
  private record Tags(int column, int text, Tokenizer tokenizer) implements Serializable {
    /** {tokens, tags} of a row. */
    int[] counts(RawBlock block, int row) {
      return new int[] {
        tokenizer.split(text(block.column(text), row)).size(),
        Tokenizer.WHITESPACE.split(text(block.column(column), row)).size()
      };
    }

    private static String text(RawColumn column, int row) {
      int code = column.textCode(row);
      return code < 0 ? "" : column.dictionary()[code];
    }
  }

  private final List<Rule> rules = new ArrayList<>();
  private final List<Tags> tags = new ArrayList<>();

  /**
   * @param targetRequired whether a row without target is bad (not when rows are only predicted)
   */
  public RowFilter(TablePlan plan, boolean targetRequired) {
    for (int c = 0; c < plan.names().size(); c++) {
      String name = (c + 1) + " (" + plan.names().get(c) + ")";
      switch (plan.role(c)) {
        case NUMBER -> {
          boolean fails = plan.missingFails(c);
          rules.add(new Rule(c, name, true, fails, true, false));
        }
        case WEIGHT -> rules.add(new Rule(c, name, true, true, true, true));
        case TARGET -> {
          TablePlan.Target target = plan.target(c);
          boolean number = target.kind() == TargetKind.NUMBER;
          if (target.kind() == TargetKind.TAGS && targetRequired) {
            tags.add(new Tags(c, target.along(), plan.tokenizer(target.along())));
          }
          rules.add(new Rule(c, name, number, targetRequired, true, false));
        }
        default -> {}
      }
    }
  }

  /** Rows that can be used. */
  public BitSet usable(RawBlock block) {
    BitSet usable = new BitSet(block.rows());
    usable.set(0, block.rows());
    for (Rule rule : rules) {
      RawColumn column = block.column(rule.column);
      for (int r = 0; r < block.rows(); r++) {
        if (problem(rule, column, r) != 0) {
          usable.clear(r);
        }
      }
    }
    for (Tags tag : tags) {
      for (int r = usable.nextSetBit(0); r >= 0; r = usable.nextSetBit(r + 1)) {
        int[] counts = tag.counts(block, r);
        if (counts[0] != counts[1]) {
          usable.clear(r);
        }
      }
    }
    return usable;
  }

  private static int problem(Rule rule, RawColumn column, int row) {
    double v = column.numbers()[row];
    if (!Double.isNaN(v)) {
      return rule.infiniteIsBad && Math.abs(v) > Float.MAX_VALUE
          ? 1
          : rule.negativeIsBad && v < 0 ? 2 : 0;
    }
    return column.textCode(row) >= 0 ? (rule.textIsBad ? 3 : 0) : rule.missingIsBad ? 4 : 0;
  }

  /** The first few unusable rows with their problem. */
  public List<BadRow> firstProblems(RawBlock block, BitSet usable) {
    List<BadRow> bad = new ArrayList<>();
    for (int r = usable.nextClearBit(0);
        r < block.rows() && bad.size() < KEPT;
        r = usable.nextClearBit(r + 1)) {
      String text = "";
      for (Rule rule : rules) {
        RawColumn column = block.column(rule.column);
        int problem = problem(rule, column, r);
        if (problem != 0) {
          text =
              switch (problem) {
                case 1 ->
                    "expected a number within +-3.4e38 in column "
                        + rule.name
                        + ", found "
                        + column.numbers()[r];
                case 2 ->
                    "expected a weight of 0 or more in column "
                        + rule.name
                        + ", found "
                        + column.numbers()[r];
                case 3 ->
                    "expected a number in column "
                        + rule.name
                        + ", as nearly all of its cells are, found \""
                        + column.dictionary()[column.textCode(r)]
                        + "\" (set type: category, or add it to na)";
                default -> "column " + rule.name + " is missing";
              };
          break;
        }
      }
      for (Tags tag : tags) {
        int[] counts = tag.counts(block, r);
        if (text.isEmpty() && counts[0] != counts[1]) {
          text =
              "expected one tag for each of the "
                  + counts[0]
                  + " tokens, found "
                  + counts[1]
                  + " tags (is the tokenizer the one that the tags were made for?)";
        }
      }
      bad.add(new BadRow(block.file(), block.position(r), text));
    }
    return bad;
  }

  /** Rows with a negative weight: refused whatever the policy for bad rows. */
  public long negativeWeights(RawBlock block) {
    long n = 0;
    for (Rule rule : rules) {
      if (rule.negativeIsBad) {
        for (double v : block.column(rule.column).numbers()) {
          n += v < 0 ? 1 : 0;
        }
      }
    }
    return n;
  }
}
