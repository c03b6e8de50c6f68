package dev.bellows.jobs.block;

import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.sample.Augmentation;
import dev.bellows.engine.sample.ImageChange;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.table.CategoryColumn;
import dev.bellows.jobs.table.CrossColumn;
import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.NumberColumn;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.SeriesInput;
import dev.bellows.jobs.table.SparseInput;
import dev.bellows.jobs.table.TargetColumn;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fills batches from blocks and applies what was fitted while it copies: filling, scaling, missing
 * flags, codes of rare and unknown categories, target scaling. A row's numbers are its pixels, its
 * number columns, their missing flags; its codes are its categories, their crosses, then its texts.
 * Allocates nothing per batch once its scratch arrays have grown. Not thread-safe; one per task.
 */
public final class BlockReader {
  private static final FlatVectors VECTORS = FlatVectors.get();

  private final Recoding recoding;
  private final int numberCount;
  private final int numericWidth;

  /** Stored value that maps to 0: center minus storage offset. */
  private final double[] centers;

  private final double[] factors;

  /** What the network sees for a missing value. */
  private final float[] fills;

  /** Position of the missing flag of each number column; -1 for none. */
  private final int[] flags;

  private final List<CrossColumn> crosses;

  /** [crosses][] places of the crossed category columns. */
  private final int[][] crossed;

  private final int pixelWidth;

  /** [channels][256] what the network sees for each byte; one row when all channels are alike. */
  private final float[][] pixelValues;

  private final double pixelCenter;
  private final double pixelFactor;

  /** Random changes of training images; null for none. */
  private final @Nullable ImageChange change;

  private final long seed;
  private long epoch;
  private final int sparseWidth;
  private final float[] sparseFactors;
  private final int classes;

  /** Windows of series; null for other rows. */
  private final @Nullable SeriesReader series;

  private final int tokenWidth;
  private final double[] targetOffsets;
  private final double[] targetFactors;

  private float[] floats = {};
  private int[] ints = {};
  private byte[] bytes = {};
  private int[] maskLabels = {};
  private long unknown;

  /** A reader of rows as they are. */
  public BlockReader(Preprocess preprocess) {
    this(preprocess, Augmentation.NONE, 0);
  }

  /**
   * A reader of training rows.
   *
   * @param augmentation random changes of images
   * @param seed of the changes
   * @throws IllegalArgumentException when images of this size cannot be changed so
   */
  public BlockReader(Preprocess preprocess, Augmentation augmentation, long seed) {
    List<NumberColumn> numbers = preprocess.numbers();
    this.numberCount = numbers.size();
    this.numericWidth = preprocess.numericWidth();
    this.recoding = new Recoding(preprocess.stored(), preprocess);
    this.centers = new double[numberCount];
    this.factors = numbers.stream().mapToDouble(NumberColumn::factor).toArray();
    this.fills = new float[numberCount];
    this.flags = new int[numberCount];
    int nextFlag = numberCount; // position after the pixels
    for (int c = 0; c < numberCount; c++) {
      NumberColumn n = numbers.get(c);
      centers[c] = n.center() - recoding.offsets[c];
      fills[c] = (float) ((n.fill() - n.center()) * n.factor());
      flags[c] = n.flag() ? nextFlag++ : -1;
    }
    this.crosses = preprocess.crosses();
    List<String> names = preprocess.categories().stream().map(CategoryColumn::name).toList();
    this.crossed =
        crosses.stream()
            .map(cross -> cross.columns().stream().mapToInt(names::indexOf).toArray())
            .toArray(int[][]::new);
    ImageInput image = preprocess.image();
    this.pixelWidth = image == null ? 0 : image.width();
    this.pixelCenter = image == null ? 0 : image.centers().get(0);
    this.pixelFactor = image == null ? 1 : image.factors().get(0);
    this.pixelValues = image == null ? new float[0][] : values(image);
    this.change =
        image == null || augmentation.none()
            ? null
            : new ImageChange(
                augmentation, image.shape().get(0), image.shape().get(1), image.channels());
    this.seed = seed;
    SparseInput sparse = preprocess.sparse();
    this.sparseWidth = sparse == null ? 0 : sparse.width();
    this.sparseFactors = new float[sparse == null ? 0 : sparse.factors().size()];
    for (int i = 0; sparse != null && i < sparseFactors.length; i++) {
      sparseFactors[i] = sparse.factors().get(i).floatValue();
    }
    this.classes = preprocess.classes().size();
    SeriesInput windows = preprocess.series();
    this.series = windows == null ? null : new SeriesReader(windows);
    this.tokenWidth = preprocess.tokenWidth();
    this.targetOffsets = new double[preprocess.targetWidth()];
    this.targetFactors = new double[targetOffsets.length];
    int at = 0;
    for (TargetColumn t : preprocess.targets()) {
      int end = at + (t.classes().isEmpty() ? t.positions() : 0);
      Arrays.fill(targetOffsets, at, end, t.offset());
      Arrays.fill(targetFactors, at, end, 1 / t.scale());
      at = end;
    }
  }

  private static float[][] values(ImageInput image) {
    float[][] values = new float[image.uniform() ? 1 : image.channels()][256];
    for (int c = 0; c < values.length; c++) {
      for (int b = 0; b < 256; b++) {
        values[c][b] = (float) ((b - image.centers().get(c)) * image.factors().get(c));
      }
    }
    return values;
  }

  /** Says which epoch the next batches belong to: each has random changes of its own. */
  public void beginEpoch(long number) {
    epoch = number;
  }

  /**
   * Category cells seen so far whose value is not in the dictionary: they went to the unknown
   * bucket.
   */
  public long unknownCategories() {
    return unknown;
  }

  /**
   * Fills {@code out} with {@code count} rows of {@code block}: those named by {@code order[from ..
   * from+count)}, or rows {@code from .. from+count} themselves when {@code order} is null. Sets
   * the number of rows and every part that the data and the buffers have. A row without any label
   * has weight 0; where a row has one label, it is then 0.
   *
   * @throws IllegalArgumentException when the widths of buffers and data differ
   */
  public void fill(Block block, int @Nullable [] order, int from, int count, BatchBuffers out) {
    check("numeric columns", numericWidth, out.numericWidth());
    check("category and token columns", codeWidth(), out.categoricals());
    check("sparse columns", sparseWidth, out.sparseWidth());
    out.setRows(count);
    if (pixelWidth > 0) {
      fillPixels(block, order, from, count, out.numeric());
    }
    if (series != null) {
      fillSeries(series, block, order, from, count, out);
    } else if (numericWidth > pixelWidth) {
      fillNumbers(block, order, from, count, out.numeric() + 4L * pixelWidth);
    }
    if (out.categoricals() > 0) {
      fillCodes(block, order, from, count, out.codes());
    }
    if (sparseWidth > 0) {
      fillSparse(block, order, from, count, out);
    }
    fillTarget(block, order, from, count, out);
  }

  private void fillSeries(
      SeriesReader reader,
      Block block,
      int @Nullable [] order,
      int from,
      int count,
      BatchBuffers out) {
    float[] seen = floats(count * numericWidth);
    for (int i = 0; i < count; i++) {
      reader.input(block, row(order, from + i), seen, i * numericWidth);
    }
    Memory.copyIn(seen, 0, out.numeric(), count * numericWidth);
  }

  private static void check(String what, int data, int buffers) {
    if (data != buffers) {
      throw new IllegalArgumentException(
          "the data has " + data + " " + what + ", the batch buffers " + buffers);
    }
  }

  private static int row(int @Nullable [] order, int i) {
    return order == null ? i : order[i];
  }

  private float[] floats(int n) {
    if (floats.length < n) {
      floats = new float[n];
    }
    return floats;
  }

  private int[] ints(int n) {
    if (ints.length < n) {
      ints = new int[n];
    }
    return ints;
  }

  private void fillPixels(Block block, int @Nullable [] order, int from, int count, long address) {
    check("bytes per image", block.pixelWidth(), pixelWidth);
    byte[] pixels = block.pixels();
    int[] rows = order;
    int first = from;
    if (change != null) {
      pixels = changed(change, block, order, from, count);
      rows = null;
      first = 0;
    }
    if (pixelValues.length == 1 && numericWidth == pixelWidth) {
      VECTORS.byteRows(pixels, rows, first, count, pixelWidth, pixelCenter, pixelFactor, address);
      return;
    }
    if (pixelValues.length == 1) { // numbers stand between the images
      for (int i = 0; i < count; i++) {
        long to = address + 4L * i * numericWidth;
        VECTORS.byteRows(pixels, rows, first + i, 1, pixelWidth, pixelCenter, pixelFactor, to);
      }
      return;
    }
    float[] scratch = floats(pixelWidth);
    int channels = pixelValues.length;
    for (int i = 0; i < count; i++) {
      int base = row(rows, first + i) * pixelWidth;
      for (int c = 0; c < channels; c++) {
        float[] values = pixelValues[c];
        for (int p = c; p < pixelWidth; p += channels) {
          scratch[p] = values[pixels[base + p] & 0xff];
        }
      }
      Memory.copyIn(scratch, 0, address + 4L * i * numericWidth, pixelWidth);
    }
  }

  private byte[] changed(
      ImageChange drawn, Block block, int @Nullable [] order, int from, int count) {
    if (bytes.length < count * pixelWidth) {
      bytes = new byte[count * pixelWidth];
    }
    for (int i = 0; i < count; i++) {
      int row = row(order, from + i);
      drawn.draw(seed, epoch, block.rowKeys()[row]);
      drawn.apply(block.pixels(), row * pixelWidth, bytes, i * pixelWidth);
    }
    return bytes;
  }

  private void fillNumbers(Block block, int @Nullable [] order, int from, int count, long address) {
    check("number columns", block.numericWidth(), recoding.numberWidth);
    float[] numeric = block.numeric();
    int width = numericWidth - pixelWidth;
    float[] scratch = floats(width);
    for (int i = 0; i < count; i++) {
      int base = row(order, from + i) * recoding.numberWidth;
      for (int c = 0; c < numberCount; c++) {
        float stored = numeric[base + recoding.numbers[c]];
        boolean missing = Float.isNaN(stored);
        scratch[c] = missing ? fills[c] : (float) ((stored - centers[c]) * factors[c]);
        if (flags[c] >= 0) {
          scratch[flags[c]] = missing ? 1f : 0f;
        }
      }
      Memory.copyIn(scratch, 0, address + 4L * i * numericWidth, width);
    }
  }

  /** Codes of a row: its categories, their crosses, tokens and lengths. */
  public int codeWidth() {
    return recoding.codes.length + crosses.size() + tokenWidth;
  }

  private void fillCodes(Block block, int @Nullable [] order, int from, int count, long address) {
    int width = codeWidth();
    int[] scratch = ints(width);
    for (int i = 0; i < count; i++) {
      unknown += codes(block, row(order, from + i), scratch, 0);
      Memory.copyIn(scratch, 0, address + 4L * i * width, width);
    }
  }

  /**
   * The codes of the rows that {@link #fill} would put into a batch.
   *
   * @param to [count, codeWidth], overwritten
   * @param at first element of {@code to}
   */
  public void codes(Block block, int @Nullable [] order, int from, int count, int[] to, int at) {
    for (int i = 0; i < count; i++) {
      codes(block, row(order, from + i), to, at + i * codeWidth());
    }
  }

  /** Puts the codes of a row into an array; returns how many values are not in a dictionary. */
  private int codes(Block block, int row, int[] to, int at) {
    check("category columns", block.codeWidth(), recoding.codeWidth);
    check("token columns", block.tokenWidth(), recoding.tokenWidth);
    int[][] codes = recoding.codes;
    int[] stored = block.codes();
    int strange = 0;
    for (int c = 0; c < codes.length; c++) {
      int code = stored[row * recoding.codeWidth + recoding.categories[c]];
      strange += code >>> 31;
      to[at + c] = codes[c][code + 1];
    }
    for (int x = 0; x < crossed.length; x++) {
      CrossColumn cross = crosses.get(x);
      long hash = cross.start();
      for (int column : crossed[x]) {
        hash = CrossColumn.add(hash, to[at + column]);
      }
      to[at + codes.length + x] = cross.bucket(hash);
    }
    recoding.tokens(block.tokens(), row, to, at + codes.length + crossed.length);
    return strange;
  }

  private void fillSparse(
      Block block, int @Nullable [] order, int from, int count, BatchBuffers out) {
    int[] pointers = block.rowPointers();
    int[] rowPointers = ints(count + 1);
    long total = 0;
    rowPointers[0] = 0;
    for (int i = 0; i < count; i++) {
      int row = row(order, from + i);
      total += pointers[row + 1] - pointers[row];
      rowPointers[i + 1] = Math.toIntExact(total);
    }
    Memory.copyIn(rowPointers, 0, out.csrRowPointers(), count + 1);
    long columns = out.csrColumns((int) total);
    long values = out.csrValues((int) total);
    float[] scaled = sparseFactors.length == 0 ? floats : floats((int) total);
    for (int i = 0; i < count; i++) {
      int start = pointers[row(order, from + i)];
      int n = rowPointers[i + 1] - rowPointers[i];
      long offset = 4L * rowPointers[i];
      Memory.copyIn(block.columns(), start, columns + offset, n);
      if (sparseFactors.length == 0) {
        Memory.copyIn(block.values(), start, values + offset, n);
      } else {
        for (int j = 0; j < n; j++) {
          scaled[j] = block.values()[start + j] * sparseFactors[block.columns()[start + j]];
        }
        Memory.copyIn(scaled, 0, values + offset, n);
      }
    }
  }

  private void fillTarget(
      Block block, int @Nullable [] order, int from, int count, BatchBuffers out) {
    boolean classified = block.labels().length > 0 || block.masks().length > 0;
    int width = classified ? block.labelWidth() : 0;
    float[] weights = floats(Math.max(count, count * out.targetWidth()));
    for (int i = 0; i < count; i++) {
      int row = row(order, from + i);
      weights[i] = width == 0 || labelled(block, row * width, width) ? block.weight(row) : 0f;
    }
    Memory.copyIn(weights, 0, out.weights(), count);
    if (width > 0) {
      fillLabels(block, order, from, count, out);
    }
    if (series != null && block.horizon() > 0) {
      int learnt = series.targetWidth();
      check("targets a row", learnt, out.targetWidth());
      float[] steps = floats(count * learnt);
      for (int i = 0; i < count; i++) {
        series.target(block, row(order, from + i), steps, i * learnt);
      }
      Memory.copyIn(steps, 0, out.target(), count * learnt);
    } else if (block.target().length > 0) {
      fillNumbersToLearn(block, order, from, count, out);
    }
  }

  private static boolean labelled(Block block, int from, int width) {
    for (int i = from; i < from + width; i++) {
      if (block.label(i) >= 0) {
        return true;
      }
    }
    return false;
  }

  private void fillLabels(
      Block block, int @Nullable [] order, int from, int count, BatchBuffers out) {
    int width = block.labelWidth();
    check("labels a row", width, out.labelWidth());
    int[] filled = ints(count * width);
    for (int i = 0; i < count; i++) {
      int row = row(order, from + i);
      if (block.masks().length > 0) {
        fillMask(block, row, filled, i * width);
      } else {
        System.arraycopy(block.labels(), row * width, filled, i * width, width);
      }
    }
    for (int i = 0; i < count && width == 1; i++) {
      filled[i] = Math.max(0, filled[i]);
    }
    Memory.copyIn(filled, 0, out.labels(), count * width);
    if (width == 1 && out.targetWidth() > 0 && block.target().length == 0) {
      fillOneHot(filled, count, out);
    }
  }

  /** The labels of the pixels, moved as the image is. */
  private void fillMask(Block block, int row, int[] out, int to) {
    int width = block.labelWidth();
    ImageChange drawn = change;
    if (drawn == null) {
      for (int p = 0; p < width; p++) {
        out[to + p] = block.label(row * width + p);
      }
      return;
    }
    if (maskLabels.length < width) {
      maskLabels = new int[width];
    }
    for (int p = 0; p < width; p++) {
      maskLabels[p] = block.label(row * width + p);
    }
    drawn.draw(seed, epoch, block.rowKeys()[row]);
    drawn.applyToMask(maskLabels, 0, out, to);
  }

  private void fillNumbersToLearn(
      Block block, int @Nullable [] order, int from, int count, BatchBuffers out) {
    int width = block.targetWidth();
    check("targets a row", width, out.targetWidth());
    float[] scaled = floats(count * width);
    for (int i = 0; i < count; i++) {
      int row = row(order, from + i) * width;
      for (int k = 0; k < width; k++) {
        scaled[i * width + k] =
            (float) ((block.target()[row + k] - targetOffsets[k]) * targetFactors[k]);
      }
    }
    Memory.copyIn(scaled, 0, out.target(), count * width);
  }

  private void fillOneHot(int[] labels, int count, BatchBuffers out) {
    int width = out.targetWidth();
    if (width != 1 && width != classes) {
      throw new IllegalArgumentException(
          "batch buffers have "
              + width
              + " targets a row; expected 1 or "
              + classes
              + " for "
              + classes
              + " classes");
    }
    float[] oneHot = floats(count * width);
    if (width == 1) {
      for (int i = 0; i < count; i++) {
        oneHot[i] = labels[i] == 1 ? 1f : 0f;
      }
    } else {
      Arrays.fill(oneHot, 0, count * width, 0f);
      for (int i = 0; i < count; i++) {
        oneHot[i * width + labels[i]] = 1f;
      }
    }
    Memory.copyIn(oneHot, 0, out.target(), count * width);
  }
}
