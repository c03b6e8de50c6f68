package dev.bellows.jobs.block;

import dev.bellows.jobs.source.ArrayCodec;
import dev.bellows.jobs.source.BadRow;
import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import dev.bellows.jobs.table.RowFilter;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What the driver must know of each row of one partition to split and deal them: two hashes and the
 * class.
 */
final class RowKeys implements Externalizable {
  private static final long serialVersionUID = 1L;
  private static final int MAX_CLASSES = 1 << 20;

  /** Class of a row that cannot be used. */
  static final int UNUSABLE = -2;

  /** Class of a row without one. */
  static final int NONE = -1;

  int rows;

  /** What names the row: hash of its id, or of its content. */
  long[] keys = {};

  /** Content hash, to order rows of equal key; empty when the keys are content hashes. */
  long[] contents = {};

  int[] classes = {};
  List<String> classNames = new ArrayList<>();
  long negativeWeights;
  long unusable;
  List<BadRow> firstProblems = new ArrayList<>();

  /** Sum of the content hashes: tells whether a partition that is computed again is the same. */
  long checksum;

  /** What divides the rows into folds, where columns say it. */
  final SplitFacts facts = new SplitFacts();

  public RowKeys() {}

  /** Goes through the blocks of one partition. */
  static RowKeys of(
      Iterator<RawBlock> blocks, RowFilter filter, int classColumn, SplitFacts.Places split) {
    RowKeys keys = new RowKeys();
    Map<String, Integer> codes = new HashMap<>();
    while (blocks.hasNext()) {
      RawBlock block = blocks.next();
      keys.add(block, filter, classColumn, codes);
      keys.facts.add(block, split);
    }
    return keys;
  }

  private void add(RawBlock block, RowFilter filter, int classColumn, Map<String, Integer> codes) {
    int n = block.rows();
    boolean ids = block.idHashes().length > 0;
    keys = append(keys, ids ? block.idHashes() : block.contentHashes());
    if (ids) {
      contents = append(contents, block.contentHashes());
    }
    BitSet usable = filter.usable(block);
    negativeWeights += filter.negativeWeights(block);
    if (usable.cardinality() < n) {
      unusable += n - usable.cardinality();
      firstProblems.addAll(filter.firstProblems(block, usable));
      firstProblems.sort(null);
      firstProblems = new ArrayList<>(firstProblems.subList(0, Math.min(5, firstProblems.size())));
    }
    classes = Arrays.copyOf(classes, rows + n);
    int[] local = new int[classColumn < 0 ? 0 : block.column(classColumn).dictionary().length];
    Arrays.fill(local, NONE);
    for (int r = 0; r < n; r++) {
      checksum += block.contentHashes()[r];
      classes[rows + r] =
          !usable.get(r)
              ? UNUSABLE
              : classColumn < 0 ? NONE : classOf(block.column(classColumn), r, local, codes);
    }
    rows += n;
  }

  private int classOf(RawColumn column, int row, int[] local, Map<String, Integer> codes) {
    int text = column.textCode(row);
    if (text >= 0) {
      if (local[text] < 0) {
        local[text] = code(NumberText.canonical(column.dictionary()[text]), codes);
      }
      return local[text];
    }
    double v = column.numbers()[row];
    return Double.isNaN(v) ? NONE : code(NumberText.canonical(v), codes);
  }

  private int code(String name, Map<String, Integer> codes) {
    Integer known = codes.get(name);
    if (known != null) {
      return known;
    }
    if (codes.size() >= MAX_CLASSES) {
      return MAX_CLASSES - 1; // far beyond what Classes accepts; it reports them
    }
    codes.put(name, codes.size());
    classNames.add(name);
    return codes.size() - 1;
  }

  private static long[] append(long[] a, long[] b) {
    long[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    ArrayCodec codec = new ArrayCodec();
    out.writeInt(rows);
    codec.write(out, keys);
    codec.write(out, contents);
    codec.write(out, classes);
    out.writeInt(classNames.size());
    for (String name : classNames) {
      out.writeUTF(name);
    }
    out.writeLong(negativeWeights);
    out.writeLong(unusable);
    out.writeInt(firstProblems.size());
    for (BadRow bad : firstProblems) {
      out.writeUTF(bad.file());
      out.writeLong(bad.position());
      out.writeUTF(bad.problem());
    }
    out.writeLong(checksum);
    facts.write(codec, out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    ArrayCodec codec = new ArrayCodec();
    rows = in.readInt();
    keys = codec.readLongs(in);
    contents = codec.readLongs(in);
    classes = codec.readInts(in);
    int n = in.readInt();
    for (int i = 0; i < n; i++) {
      classNames.add(in.readUTF());
    }
    negativeWeights = in.readLong();
    unusable = in.readLong();
    n = in.readInt();
    for (int i = 0; i < n; i++) {
      firstProblems.add(new BadRow(in.readUTF(), in.readLong(), in.readUTF()));
    }
    checksum = in.readLong();
    facts.read(codec, in);
  }
}
