package dev.bellows.jobs.block;

import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import dev.bellows.jobs.table.CategoryColumn;
import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.NumberColumn;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.SparseInput;
import dev.bellows.jobs.table.TablePlan;
import dev.bellows.jobs.table.TextColumn;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Raw rows to the arrays of a {@link Block}: float32 values, dictionary codes, labels. Nothing
 * fitted on training rows is applied yet.
 */
final class Encoder implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Preprocess preprocess;
  private final int[] numberColumns;
  private final int[] categoryColumns;
  private final int[] textColumns;
  private final TargetEncoder targets;
  private final int weightColumn;

  /**
   * @param refused target columns in which a tag, or a class of a head, that training did not show
   *     is an error; elsewhere there is no label then
   */
  Encoder(TablePlan plan, Preprocess preprocess, Set<String> refused) {
    this.targets = new TargetEncoder(plan, preprocess, refused);
    this.preprocess = preprocess;
    List<String> names = plan.names();
    this.numberColumns =
        preprocess.numbers().stream().mapToInt(n -> names.indexOf(n.name())).toArray();
    this.categoryColumns =
        preprocess.categories().stream().mapToInt(c -> names.indexOf(c.name())).toArray();
    this.textColumns = preprocess.texts().stream().mapToInt(t -> names.indexOf(t.name())).toArray();
    this.weightColumn = plan.weightIndex();
  }

  /** Bytes of the image of a row; 0 without images. */
  int imageBytes() {
    ImageInput image = preprocess.image();
    return image == null ? 0 : image.width();
  }

  /**
   * Encodes some rows of a raw block.
   *
   * @param rows which rows, in the order of the result
   */
  Block encode(RawBlock raw, int[] rows) {
    Block block =
        new Block(
            rows.length,
            numberColumns.length,
            preprocess.image() == null ? 0 : raw.pixelWidth(),
            categoryColumns.length,
            preprocess.tokenWidth());
    for (int c = 0; c < numberColumns.length; c++) {
      numbers(raw.column(numberColumns[c]), preprocess.numbers().get(c), rows, block, c);
    }
    for (int c = 0; c < categoryColumns.length; c++) {
      codes(raw.column(categoryColumns[c]), preprocess.categories().get(c), rows, block, c);
    }
    int width = block.pixelWidth();
    for (int i = 0; i < rows.length && width > 0; i++) {
      System.arraycopy(raw.pixels(), rows[i] * width, block.pixels(), i * width, width);
    }
    SparseInput sparse = preprocess.sparse();
    if (sparse != null) {
      sparse(raw, sparse.width(), rows, block);
    }
    if (raw.seriesWidth() > 0) {
      series(raw, rows, block);
    }
    texts(raw, rows, block, targets.of(raw, rows));
    if (weightColumn >= 0) {
      double[] values = raw.column(weightColumn).numbers();
      float[] weights = new float[rows.length];
      for (int i = 0; i < rows.length; i++) {
        weights[i] = (float) values[rows[i]];
      }
      block.setWeights(weights);
    }
    return block;
  }

  /** The steps from the first window to the end of the last one. */
  private static void series(RawBlock raw, int[] rows, Block block) {
    int first = Integer.MAX_VALUE;
    int end = 0;
    for (int row : rows) {
      first = Math.min(first, raw.starts()[row]);
      end = Math.max(end, raw.starts()[row] + raw.windowSteps());
    }
    int[] starts = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      starts[i] = raw.starts()[rows[i]] - first;
    }
    int width = raw.seriesWidth();
    float[] steps = Arrays.copyOfRange(raw.series(), Math.min(first, end) * width, end * width);
    block.setSeries(steps, width, starts, raw.horizon());
  }

  /** Token codes of all texts; what is learnt of them goes to {@code learnt}. */
  private void texts(RawBlock raw, int[] rows, Block block, TargetEncoder.Rows learnt) {
    int at = 0;
    for (int t = 0; t < textColumns.length; t++) {
      TextColumn text = preprocess.texts().get(t);
      TextColumn.Codes codes = text.new Codes();
      boolean next = targets.next(text);
      RawColumn column = textColumns[t] < 0 ? null : raw.column(textColumns[t]);
      for (int i = 0; i < rows.length; i++) {
        int[] all = codes.of(column == null ? "" : cell(column, rows[i])); // absent: to be written
        int length = Math.min(text.length(), next ? Math.max(1, all.length - 1) : all.length);
        int to = i * block.tokenWidth() + at;
        System.arraycopy(all, 0, block.tokens(), to, length);
        block.tokens()[to + text.length()] = length;
        learnt.text(text, i, all, length);
      }
      at += text.length() + 1;
    }
    learnt.put(block);
  }

  /** A cell as text; missing: empty. */
  static String cell(RawColumn column, int row) {
    int code = column.textCode(row);
    return code < 0 ? "" : column.dictionary()[code];
  }

  private static void numbers(
      RawColumn column, NumberColumn number, int[] rows, Block block, int c) {
    double[] values = column.numbers();
    float[] out = block.numeric();
    int width = block.numericWidth();
    double offset = number.offset();
    for (int i = 0; i < rows.length; i++) {
      out[i * width + c] = (float) (values[rows[i]] - offset);
    }
  }

  private static void codes(
      RawColumn column, CategoryColumn category, int[] rows, Block block, int c) {
    String[] texts = column.dictionary();
    int[] local = new int[texts.length];
    for (int t = 0; t < texts.length; t++) {
      local[t] = code(category, NumberText.canonical(texts[t]));
    }
    int[] out = block.codes();
    int width = block.codeWidth();
    for (int i = 0; i < rows.length; i++) {
      int text = column.textCode(rows[i]);
      double v = column.numbers()[rows[i]];
      int code =
          text >= 0 ? local[text] : !Double.isNaN(v) ? code(category, NumberText.canonical(v)) : 0;
      if (code < 0 && category.failOnUnknown()) {
        throw new DataException(
            "column "
                + category.name()
                + " has the value \""
                + (text >= 0 ? texts[text] : NumberText.canonical(v))
                + "\", which training did not show (accepted where on_unknown_category, or the unknown of the feature, is bucket)");
      }
      out[i * width + c] = code;
    }
  }

  /** 1 + index in the dictionary, or -1. */
  private static int code(CategoryColumn category, String value) {
    int index = Collections.binarySearch(category.dictionary(), value);
    return index < 0 ? -1 : index + 1;
  }

  /** Values of columns that training did not show have no weight; they are left out. */
  private static void sparse(RawBlock raw, int width, int[] rows, Block block) {
    int[] pointers = raw.rowPointers();
    int[] newPointers = new int[rows.length + 1];
    int total = 0;
    for (int row : rows) {
      total += pointers[row + 1] - pointers[row];
    }
    int[] columns = new int[total];
    float[] values = new float[total];
    int n = 0;
    for (int i = 0; i < rows.length; i++) {
      for (int j = pointers[rows[i]];
          j < pointers[rows[i] + 1] && raw.sparseColumns()[j] < width;
          j++) {
        columns[n] = raw.sparseColumns()[j];
        values[n++] = raw.sparseValues()[j];
      }
      newPointers[i + 1] = n;
    }
    block.setSparse(
        newPointers,
        n == total ? columns : Arrays.copyOf(columns, n),
        n == total ? values : Arrays.copyOf(values, n));
  }
}
