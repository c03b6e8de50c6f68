package dev.bellows.jobs.block;

import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import dev.bellows.jobs.source.Tokenizer;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TablePlan;
import dev.bellows.jobs.table.TargetColumn;
import dev.bellows.jobs.table.TextColumn;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Labels and numbers to be learnt, of all targets of a row beside each other: classes and tags in
 * its labels, numbers in its targets, both in the order of {@link Preprocess#targets}.
 */
final class TargetEncoder implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int NOT_MET = -2;

  private final List<One> targets = new ArrayList<>();
  private final int labelWidth;
  private final int targetWidth;
  private final boolean refuseUnseen;

  /**
   * One target.
   *
   * @param at first of its labels, or of its numbers
   * @param source its column among the raw ones; -1: rows are only predicted
   */
  private record One(
      TargetColumn column, int at, int source, boolean refuse, Map<String, Integer> labels)
      implements Serializable {
    int label(String name) {
      int label = labels.getOrDefault(name, -1);
      if (label < 0 && refuse) {
        throw new DataException(
            "column "
                + column.name()
                + " has the "
                + (column.along().isEmpty() ? "class" : "tag")
                + " \""
                + name
                + "\", which training did not show (set unseen: ignore of the target to leave such "
                + (column.along().isEmpty() ? "rows" : "positions")
                + " out)");
      }
      return label;
    }
  }

  TargetEncoder(TablePlan plan, Preprocess preprocess, Set<String> refused) {
    int labels = 0;
    int numbers = 0;
    for (int i = 0; i < preprocess.targets().size(); i++) {
      TargetColumn column = preprocess.targets().get(i);
      Map<String, Integer> codes = new HashMap<>();
      for (int k = 0; k < column.classes().size() && !column.next(); k++) {
        codes.put(column.classes().get(k), k);
      }
      boolean classes = !column.classes().isEmpty();
      // unknown classes of the main target are counted before; here they would end at the first
      boolean refuse = refused.contains(column.name()) && (i > 0 || !column.along().isEmpty());
      int at = classes ? labels : numbers;
      targets.add(new One(column, at, plan.targetColumn(i), refuse, codes));
      labels += classes ? column.positions() : 0;
      numbers += classes ? 0 : column.positions();
    }
    this.refuseUnseen = refused.contains(preprocess.targetName());
    boolean there = targets.stream().anyMatch(t -> t.source >= 0);
    this.labelWidth = there ? labels : 0;
    this.targetWidth = there ? numbers : 0;
  }

  /** Whether the next tokens of a text are learnt. */
  boolean next(TextColumn text) {
    return targets.stream()
        .anyMatch(t -> t.source >= 0 && t.column.next() && t.column.name().equals(text.name()));
  }

  /** Class indices of pixels instead of the bytes of the masks. */
  private void masks(RawBlock raw, int[] rows, Block block) {
    byte[] classes = new byte[256];
    Arrays.fill(classes, Block.NO_LABEL);
    One target = targets.get(0);
    target.labels.forEach((name, label) -> classes[Integer.parseInt(name)] = label.byteValue());
    int width = raw.maskWidth();
    byte[] out = new byte[Block.elements(rows.length, width)];
    for (int i = 0; i < rows.length; i++) {
      for (int p = 0; p < width; p++) {
        int value = raw.masks()[rows[i] * width + p] & 0xff;
        out[i * width + p] = classes[value];
        if (refuseUnseen && classes[value] == Block.NO_LABEL) {
          throw new DataException(
              "a mask has the label "
                  + value
                  + ", which the training masks do not show; they have "
                  + target.column.classes()
                  + " (set target.unseen: ignore to leave such pixels out)");
        }
      }
    }
    block.setMasks(out, width);
  }

  /** What is learnt of some rows: labels and numbers of their own now, those of texts to come. */
  Rows of(RawBlock raw, int[] rows) {
    Rows out = new Rows(raw, rows);
    for (One target : targets) {
      if (target.source >= 0 && target.column.along().isEmpty()) {
        if (target.column.classes().isEmpty()) {
          out.numbers(target, raw.column(target.source));
        } else {
          out.classes(target, raw.column(target.source));
        }
      }
    }
    return out;
  }

  /** Labels [R, L] and numbers [R, K] of some rows. */
  final class Rows {
    private final RawBlock raw;
    private final int[] rows;
    private final int[] labels;
    private final float[] numbers;

    private Rows(RawBlock raw, int[] rows) {
      this.raw = raw;
      this.rows = rows;
      this.labels = new int[Block.elements(rows.length, labelWidth)];
      this.numbers = new float[Block.elements(rows.length, targetWidth)];
      Arrays.fill(labels, -1);
    }

    private void numbers(One target, RawColumn column) {
      for (int i = 0; i < rows.length; i++) {
        numbers[i * targetWidth + target.at] = (float) column.numbers()[rows[i]];
      }
    }

    private void classes(One target, RawColumn column) {
      String[] names = column.dictionary();
      int[] local = new int[names.length]; // label of each text, once it is met
      Arrays.fill(local, NOT_MET);
      double last = Double.NaN;
      int lastLabel = -1;
      for (int i = 0; i < rows.length; i++) {
        int text = column.textCode(rows[i]);
        double v = column.numbers()[rows[i]];
        int label = lastLabel;
        if (text >= 0) {
          if (local[text] == NOT_MET) {
            local[text] = target.label(NumberText.canonical(names[text]));
          }
          label = local[text];
        } else if (v != last) {
          last = v;
          lastLabel = Double.isNaN(v) ? -1 : target.label(NumberText.canonical(v));
          label = lastLabel;
        }
        labels[i * labelWidth + target.at] = label;
      }
    }

    /**
     * Labels of the tokens of a text.
     *
     * @param row place among the rows
     * @param codes all codes of its text
     * @param length how many of them the network sees
     */
    void text(TextColumn text, int row, int[] codes, int length) {
      for (One target : targets) {
        if (target.source >= 0 && target.column.along().equals(text.name())) {
          int from = row * labelWidth + target.at;
          if (target.column.next()) {
            System.arraycopy(codes, 1, labels, from, Math.min(length, codes.length - 1));
          } else {
            tags(target, text, row, length, from);
          }
        }
      }
    }

    private void tags(One target, TextColumn text, int row, int length, int from) {
      List<String> tags =
          Tokenizer.WHITESPACE.split(Encoder.cell(raw.column(target.source), rows[row]));
      int first = text.bounds() ? 1 : 0; // the start mark has no tag
      for (int i = 0; i < tags.size() && i + first < length; i++) {
        labels[from + first + i] = target.label(tags.get(i));
      }
    }

    /** Hands everything to a block. */
    void put(Block block) {
      if (raw.maskWidth() > 0) {
        masks(raw, rows, block);
      }
      if (labelWidth > 0) {
        block.setLabels(labels, labelWidth);
      }
      if (targetWidth > 0) {
        block.setTarget(numbers, targetWidth);
      }
    }
  }
}
