package dev.bellows.jobs.block;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.engine.sample.split.Quotas;
import dev.bellows.jobs.source.ArrayCodec;
import dev.bellows.jobs.source.DataException;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Where every row goes: to training, validation or test, and at which rank. Made on the driver from
 * {@link RowKeys}, about 60 bytes a row while it works and 5 afterwards; broadcast to the tasks
 * that deal the rows.
 *
 * <p>Everything is a function of (seed, row keys), so it does not depend on partitions or on the
 * order of files. Rows of equal key are numbered in the order of their content hash; rows of equal
 * content are interchangeable.
 */
final class RowPlan implements Externalizable {
  private static final long serialVersionUID = 1L;

  /** Most rows that the driver ranks: 2^26 of them take about 4 GB there while it works. */
  static final int MAX_ROWS = 1 << 26;

  static final byte UNUSABLE = 0;
  static final byte TRAIN = 1;
  static final byte VALIDATION = 2;
  static final byte TEST = 3;

  /** [partition][row] one of the constants above. */
  byte[][] roles = {};

  /** [partition][row] rank among the rows of its role. */
  int[][] ranks = {};

  /**
   * [partition] rows that repeat the key of an earlier row, ascending, and the number of the
   * repetition.
   */
  int[][] repeatedRows = {};

  int[][] repetitions = {};
  long[] checksums = {};
  int[] counts = new int[4];

  /** Rows whose content (or id) repeats an earlier one. */
  long repeats;

  public RowPlan() {}

  /**
   * Rows that are held out of the training source.
   *
   * @param fraction share of the usable rows
   * @param stratify whether each class gives the same share
   * @param last whether they are the last rows in the order of the source, not drawn by the seed
   */
  record Share(double fraction, boolean stratify, boolean last) {
    static final Share NONE = new Share(0, false, false);
  }

  /** The key of a row: its hash, and for a repetition a hash of that and of its number. */
  static long rowKey(long key, int repetition) {
    return repetition == 0 ? key : Mix64.mix(key + repetition);
  }

  /**
   * Splits and ranks.
   *
   * @param test test rows, taken first
   */
  static RowPlan of(List<RowKeys> partitions, long seed, Share test, Share validation) {
    RowPlan plan = new RowPlan();
    long total = partitions.stream().mapToLong(p -> p.rows).sum();
    if (total > MAX_ROWS) {
      throw new DataException(
          total
              + " rows are more than the "
              + MAX_ROWS
              + " that the driver can rank; sample them first");
    }
    int p = partitions.size();
    plan.roles = new byte[p][];
    plan.ranks = new int[p][];
    plan.checksums = new long[p];
    int[] starts = new int[p + 1];
    for (int i = 0; i < p; i++) {
      plan.roles[i] = new byte[partitions.get(i).rows];
      plan.ranks[i] = new int[partitions.get(i).rows];
      plan.checksums[i] = partitions.get(i).checksum;
      starts[i + 1] = starts[i] + partitions.get(i).rows;
    }
    int[] classes = classes(partitions, (int) total);
    long[] keys = plan.number(partitions, starts, classes);
    int[] usable =
        IntStream.range(0, (int) total).filter(i -> classes[i] != RowKeys.UNUSABLE).toArray();
    byte[] roles = new byte[(int) total];
    int[] ranks = new int[(int) total];
    hold(
        usable,
        classes,
        hashes(keys, seed, Purpose.HOLDOUT),
        test,
        validation,
        roles,
        ranks,
        plan.counts);
    int[] train = Arrays.stream(usable).filter(i -> roles[i] == TRAIN).toArray();
    int[] dealt = Ranking.sort(hashes(keys, seed, Purpose.DEAL), train);
    for (int r = 0; r < dealt.length; r++) {
      ranks[dealt[r]] = r;
    }
    plan.counts[TRAIN] = dealt.length;
    for (int i = 0; i < p; i++) {
      System.arraycopy(roles, starts[i], plan.roles[i], 0, plan.roles[i].length);
      System.arraycopy(ranks, starts[i], plan.ranks[i], 0, plan.ranks[i].length);
    }
    return plan;
  }

  /**
   * Divides some rows of known keys as {@link #of} divides those of a source.
   *
   * @param rows which rows, ascending
   * @param keys key of each row
   * @param labels class of each row, -1 without one; empty: there are none
   * @return rows that stay, and rows that are held out, each ascending
   */
  static int[][] divide(int[] rows, long[] keys, int[] labels, long seed, Share share) {
    int[] classes = labels.length > 0 ? labels : new int[keys.length];
    byte[] roles = new byte[keys.length];
    int[] ranks = new int[keys.length];
    long[] hashes = hashes(keys, seed, Purpose.HOLDOUT);
    int[] order = Ranking.sort(hashes, rows.clone());
    take(rows, order, classes, share, VALIDATION, roles, ranks, new int[4]);
    return new int[][] {
      Arrays.stream(rows).filter(r -> roles[r] == UNUSABLE).toArray(),
      Arrays.stream(rows).filter(r -> roles[r] == VALIDATION).toArray()
    };
  }

  /** Gives every usable row one held-out role. */
  static RowPlan all(List<RowKeys> partitions, byte role) {
    RowPlan plan = of(partitions, 0, Share.NONE, Share.NONE);
    for (byte[] roles : plan.roles) {
      for (int r = 0; r < roles.length; r++) {
        roles[r] = roles[r] == TRAIN ? role : roles[r];
      }
    }
    plan.counts[role] = plan.counts[TRAIN];
    plan.counts[TRAIN] = 0;
    return plan;
  }

  /**
   * What is known of the training rows, by rank.
   *
   * @param keys row keys
   * @param classes number of the class among {@code names}, {@link RowKeys#NONE} without one
   * @param names class names, ascending
   * @param facts what the columns of the split say
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Ranked(long[] keys, int[] classes, List<String> names, SplitFacts facts) {}

  /** Looks the training rows up in what this plan was made of. */
  Ranked ranked(List<RowKeys> partitions) {
    int total = partitions.stream().mapToInt(p -> p.rows).sum();
    int[] classes = classes(partitions, total);
    long[] keys = new long[counts[TRAIN]];
    int[] their = new int[counts[TRAIN]];
    SplitFacts facts = new SplitFacts();
    boolean groups = partitions.stream().anyMatch(p -> p.facts.groups.length > 0);
    boolean times = partitions.stream().anyMatch(p -> p.facts.times.length > 0);
    boolean folds = partitions.stream().anyMatch(p -> p.facts.folds.length > 0);
    facts.groups = new long[groups ? counts[TRAIN] : 0];
    facts.times = new long[times ? counts[TRAIN] : 0];
    facts.folds = new long[folds ? counts[TRAIN] : 0];
    int at = 0;
    for (int p = 0; p < partitions.size(); p++) {
      for (int r = 0; r < roles[p].length; r++, at++) {
        if (roles[p][r] != TRAIN) {
          continue;
        }
        int again = Arrays.binarySearch(repeatedRows[p], r);
        keys[ranks[p][r]] =
            rowKey(partitions.get(p).keys[r], again < 0 ? 0 : repetitions[p][again]);
        their[ranks[p][r]] = classes[at];
        SplitFacts own = partitions.get(p).facts;
        if (groups) {
          facts.groups[ranks[p][r]] = own.groups[r];
        }
        if (times) {
          facts.times[ranks[p][r]] = own.times[r];
        }
        if (folds) {
          facts.folds[ranks[p][r]] = own.folds[r];
        }
      }
    }
    TreeSet<String> names = new TreeSet<>();
    partitions.forEach(p -> names.addAll(p.classNames));
    return new Ranked(keys, their, List.copyOf(names), facts);
  }

  private static long[] hashes(long[] keys, long seed, Purpose purpose) {
    long[] hashes = new long[keys.length];
    for (int i = 0; i < keys.length; i++) {
      hashes[i] = Mix64.mix(seed, purpose, keys[i]);
    }
    return hashes;
  }

  /** Class of each row in one numbering, by ascending name. */
  private static int[] classes(List<RowKeys> partitions, int total) {
    TreeMap<String, Integer> names = new TreeMap<>();
    partitions.forEach(p -> p.classNames.forEach(n -> names.put(n, 0)));
    int next = 0;
    for (Map.Entry<String, Integer> e : names.entrySet()) {
      e.setValue(next++);
    }
    int[] classes = new int[total];
    int at = 0;
    for (RowKeys p : partitions) {
      for (int r = 0; r < p.rows; r++) {
        classes[at++] = p.classes[r] < 0 ? p.classes[r] : names.get(p.classNames.get(p.classes[r]));
      }
    }
    return classes;
  }

  /** Numbers rows of equal key; returns the row keys. */
  private long[] number(List<RowKeys> partitions, int[] starts, int[] classes) {
    int total = starts[partitions.size()];
    long[] keys = new long[total];
    for (int i = 0; i < partitions.size(); i++) {
      System.arraycopy(partitions.get(i).keys, 0, keys, starts[i], partitions.get(i).rows);
    }
    int[] order = Ranking.identity(total);
    if (partitions.stream().anyMatch(p -> p.contents.length > 0)) {
      long[] contents = new long[total];
      for (int i = 0; i < partitions.size(); i++) {
        System.arraycopy(
            partitions.get(i).contents, 0, contents, starts[i], partitions.get(i).rows);
      }
      order = Ranking.sort(contents, order);
    }
    order = Ranking.sort(keys, order);
    int[] repeated = new int[total];
    for (int i = 1, repetition = 0; i < total; i++) {
      repetition = keys[order[i]] == keys[order[i - 1]] ? repetition + 1 : 0;
      if (repetition > 0) {
        repeated[order[i]] = repetition;
        repeats += classes[order[i]] == RowKeys.UNUSABLE ? 0 : 1;
      }
    }
    repeatedRows = new int[partitions.size()][];
    repetitions = new int[partitions.size()][];
    for (int i = 0; i < partitions.size(); i++) {
      int start = starts[i];
      repeatedRows[i] =
          IntStream.range(0, starts[i + 1] - start).filter(r -> repeated[start + r] > 0).toArray();
      repetitions[i] = Arrays.stream(repeatedRows[i]).map(r -> repeated[start + r]).toArray();
    }
    for (int i = 0; i < total; i++) {
      keys[i] = rowKey(keys[i], repeated[i]);
    }
    return keys;
  }

  private static void hold(
      int[] usable,
      int[] classes,
      long[] hashes,
      Share test,
      Share validation,
      byte[] roles,
      int[] ranks,
      int[] counts) {
    int[] order = Ranking.sort(hashes, usable.clone());
    take(usable, order, classes, test, TEST, roles, ranks, counts);
    take(usable, order, classes, validation, VALIDATION, roles, ranks, counts);
    for (int row : order) {
      if (roles[row] == UNUSABLE) {
        roles[row] = TRAIN;
      }
    }
  }

  private static void take(
      int[] usable,
      int[] order,
      int[] classes,
      Share share,
      byte role,
      byte[] roles,
      int[] ranks,
      int[] counts) {
    if (share.last()) {
      takeLast(usable, Math.round(share.fraction() * usable.length), role, roles, ranks, counts);
    } else {
      int total = usable.length;
      take(order, classes, share.fraction(), share.stratify(), role, roles, ranks, counts, total);
    }
  }

  /**
   * Gives the last {@code wanted} rows that have no role yet a role; ranks ascend with the rows.
   */
  private static void takeLast(
      int[] usable, long wanted, byte role, byte[] roles, int[] ranks, int[] counts) {
    int from = usable.length;
    for (long left = wanted; left > 0 && from > 1; ) { // one row is left to train on
      from--;
      left -= roles[usable[from]] == UNUSABLE ? 1 : 0;
    }
    int rank = 0;
    for (int i = from; i < usable.length; i++) {
      if (roles[usable[i]] == UNUSABLE) {
        roles[usable[i]] = role;
        ranks[usable[i]] = rank++;
      }
    }
    counts[role] = rank;
  }

  /**
   * Gives the first rows of each class in {@code order} that have no role yet a role, as many as
   * the fraction says.
   */
  private static void take(
      int[] order,
      int[] classes,
      double fraction,
      boolean stratify,
      byte role,
      byte[] roles,
      int[] ranks,
      int[] counts,
      int total) {
    if (fraction <= 0) {
      return;
    }
    int strata = 1;
    for (int row : order) {
      strata = Math.max(strata, classes[row] + 2);
    }
    long[] left = new long[strata];
    long[] sizes = new long[strata];
    for (int row : order) {
      int s = stratify ? classes[row] + 1 : 0;
      sizes[s]++;
      left[s] += roles[row] == UNUSABLE ? 1 : 0;
    }
    long[] most = Arrays.stream(left).map(n -> n - 1).toArray(); // one row is left to train on
    long[] quota = Quotas.of(sizes, most, Math.round(fraction * total), fraction);
    int rank = 0;
    for (int row : order) {
      int s = stratify ? classes[row] + 1 : 0;
      if (roles[row] == UNUSABLE && quota[s] > 0) {
        quota[s]--;
        roles[row] = role;
        ranks[row] = rank++;
      }
    }
    counts[role] = rank;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    ArrayCodec codec = new ArrayCodec();
    out.writeInt(roles.length);
    for (int i = 0; i < roles.length; i++) {
      codec.write(out, roles[i]);
      codec.write(out, ranks[i]);
      codec.write(out, repeatedRows[i]);
      codec.write(out, repetitions[i]);
    }
    codec.write(out, checksums);
    codec.write(out, counts);
    out.writeLong(repeats);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    ArrayCodec codec = new ArrayCodec();
    int p = in.readInt();
    roles = new byte[p][];
    ranks = new int[p][];
    repeatedRows = new int[p][];
    repetitions = new int[p][];
    for (int i = 0; i < p; i++) {
      roles[i] = codec.readBytes(in);
      ranks[i] = codec.readInts(in);
      repeatedRows[i] = codec.readInts(in);
      repetitions[i] = codec.readInts(in);
    }
    checksums = codec.readLongs(in);
    counts = codec.readInts(in);
    repeats = in.readLong();
  }
}
