package dev.bellows.jobs.config;

import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Lists.Named;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Free;
import dev.bellows.jobs.config.Words.OrNull;
import dev.bellows.jobs.config.Words.Word;

/** Keys of {@code data}, {@code features} and {@code target}. */
final class DataKeys {
  private static final String PATH =
      "File, folder or glob; relative to --data-dir, else BELLOWS_DATA, else the working folder.";

  private static final String SPAN =
      "[from, to): steps that are learnt or measured; steps seen before them may lie before from. Empty: all.";

  private DataKeys() {}

  static Section train() {
    return heldOut(
        new Section()
            .required("train", source(), "Training rows.", "{format: csv, path: adult.csv}"));
  }

  /** Where a program gives the training rows. */
  static Section trainGiven() {
    return heldOut(
        new Section()
            .key("train", new OrNull(source()), "null", "Training rows where none are given."));
  }

  private static Section heldOut(Section section) {
    return policy(
        section
            .key(
                "validation",
                holdout(),
                "{fraction: 0.0}",
                "Rows that steer training (early stopping, best weights): a fraction of the training source, or a source.",
                "{fraction: 0.1}")
            .key(
                "test",
                holdout(),
                "{fraction: 0.0}",
                "Rows that are only measured, after training: a fraction of the training source, or a source.",
                "{fraction: 0.2}"));
  }

  static Section evaluate() {
    return policy(
        new Section()
            .required(
                "test",
                source(),
                "Rows to measure the model on.",
                "{format: csv, path: holdout.csv}"));
  }

  static Section predict() {
    return policy(
        new Section()
            .required("input", source(), "Rows to predict.", "{format: parquet, path: new/}"));
  }

  private static Section policy(Section section) {
    Choice badRows =
        new Choice()
            .with("fail", "The first row that can't be read ends the run with exit 4.")
            .with(
                "drop",
                "Rows that can't be read are counted and left out, up to a share.",
                new Section()
                    .key(
                        "max_fraction",
                        Real.between(0, 1),
                        "0.001",
                        "Largest share of rows that may be dropped; above it the run ends with exit 4."));
    return section
        .key(
            "bad_rows",
            badRows,
            "fail",
            "What happens to a row that can't be read.",
            "{drop: {max_fraction: 0.001}}")
        .key(
            "id",
            new OrNull(new Free("a column name")),
            "null",
            "Column that names a row; splits and row order depend on it. Without: a hash of the row's content.",
            "customer_id")
        .key(
            "weight",
            new OrNull(new Free("a column name")),
            "null",
            "Column of row weights, 0 or more.",
            "weight");
  }

  private static Spec holdout() {
    Section fraction =
        new Section()
            .key(
                "fraction",
                Real.from(0, 1),
                "0.1",
                "Share of the training source that is held out; 0 for none.")
            .key(
                "stratify",
                new Words.OrNull(new Flag()),
                "null",
                "Hold out the same share of each class; null: yes for classification, unless rows is last.",
                "true")
            .key(
                "rows",
                new Word("random", "last"),
                "random",
                "Which rows: drawn by the seed, or the last ones in file order (running text, time series).",
                "last")
            .key(
                "span",
                span(),
                "[]",
                "Of a series: steps of the training source. " + SPAN,
                "[8640, 11520]");
    return source().without(fraction);
  }

  private static ListOf span() {
    return new ListOf(new Whole(0, Integer.MAX_VALUE), 0);
  }

  static Switch source() {
    Free path = new Free("a path");
    Word schema = new Word("own", "from_model");
    String schemaDoc = "Where column names and types come from: the file, or the stored model.";
    Section csv =
        new Section()
            .required("path", path, PATH + " Gzip by name (.gz).", "adult/train.csv.gz")
            .key("header", new Flag(), "true", "Whether the first line holds column names.")
            .key("separator", new Free("one character"), "','", "Character between fields.", "';'")
            .key(
                "quote",
                new Free("one character"),
                "'\"'",
                "Character around fields that hold separators.",
                "'\"'")
            .key(
                "escape",
                new Free("one character"),
                "'\"'",
                "Character before a quote inside quotes.",
                "'\\'")
            .key("trim", new Flag(), "true", "Strip blanks around fields.")
            .key(
                "na",
                new ListOf(new Free("text", 0), 0),
                "['']",
                "Fields that mean a missing value.",
                "['', '?', NA]")
            .key(
                "columns",
                new ListOf(new Free("a column name"), 0),
                "[]",
                "Column names in file order; replace those of the header. Empty: the header's, else c0, c1, ...",
                "[age, income]")
            .key(
                "encoding",
                new Word("UTF-8", "ISO-8859-1", "US-ASCII"),
                "UTF-8",
                "Character encoding of the file.")
            .key(
                "multiline",
                new Flag(),
                "false",
                "Whether fields in quotes may hold line breaks. Such a file is read by one task, since no place inside tells whether it is in quotes.",
                "true")
            .key("schema", schema, "own", schemaDoc);
    Section libsvm =
        new Section()
            .required("path", path, PATH + " Gzip by name (.gz).", "a9a/a9a.gz")
            .key(
                "features",
                new Whole(1, 1 << 28, "auto"),
                "auto",
                "Number of features; auto: the largest index seen.",
                "123")
            .key("index_base", new Whole(0, 1), "1", "Index of the first feature.")
            .key("schema", schema, "own", schemaDoc);
    Section idx =
        new Section()
            .required(
                "images",
                path,
                "IDX images (magic 2051), gzip or not. " + PATH,
                "mnist/train-images-idx3-ubyte.gz")
            .key(
                "labels",
                new OrNull(path),
                "null",
                "IDX labels (magic 2049), gzip or not; null where rows are only predicted. " + PATH,
                "mnist/train-labels-idx1-ubyte.gz")
            .key("schema", schema, "own", schemaDoc);
    Section cifar =
        new Section()
            .required(
                "path",
                path,
                "CIFAR binary files: records of label and 32 x 32 RGB, gzip or not. " + PATH,
                "cifar10-subset/data_batch_*.bin.gz")
            .key(
                "variant",
                new Word("cifar10", "cifar100_fine", "cifar100_coarse"),
                "cifar10",
                "Label bytes of a record: one (10 classes), or two, of which the fine (100) or the coarse (20) is learnt.")
            .key("schema", schema, "own", schemaDoc);
    ListOf sides = new ListOf(new Whole(1, 1 << 14), 0);
    Section images =
        new Section()
            .required(
                "path",
                path,
                "Folder of PNG, JPEG, BMP or GIF files, or of folders of them. " + PATH,
                "membrane/image")
            .key(
                "masks",
                new OrNull(path),
                "null",
                "Folder of masks, called as their images: grey values or palette indices are the labels of the pixels"
                    + " (task: segmentation). null: the name of an image's folder is its label.",
                "membrane/label")
            .key(
                "channels",
                new Whole(1, 3, "auto"),
                "auto",
                "1 (grey) or 3 (colour); auto: those of the first image.",
                "3")
            .key(
                "size",
                sides,
                "[]",
                "[height, width] that images are scaled to; empty: as they are, all of one size.",
                "[64, 64]")
            .key(
                "tile",
                sides,
                "[]",
                "[height, width] of the windows that images are cut into, each a row; empty: whole images.",
                "[256, 256]")
            .key(
                "stride",
                sides,
                "[]",
                "Rows and columns from one window to the next; empty: those of tile, so that windows don't overlap.",
                "[128, 128]")
            .key("schema", schema, "own", schemaDoc);
    Section series =
        new Section()
            .required(
                "path",
                path,
                PATH + " CSV with a header; each file is a series of its own.",
                "etth1/ETTh1.csv.gz")
            .key("separator", new Free("one character"), "','", "Character between fields.", "';'")
            .key(
                "na",
                new ListOf(new Free("text", 0), 0),
                "['']",
                "Fields that mean a missing value; a window that has one is a bad row.",
                "['', NA]")
            .key(
                "time",
                new OrNull(new Free("a column name")),
                "null",
                "Column of time stamps (numbers or ISO 8601), which must ascend.",
                "date")
            .key(
                "variables",
                new ListOf(new Free("a column name"), 0),
                "[]",
                "Columns that are seen; empty: all but the time.",
                "[HUFL, OT]")
            .key(
                "targets",
                new ListOf(new Free("a column name"), 0),
                "[]",
                "Variables that are learnt; empty: all.",
                "[OT]")
            .required("input", new Whole(1, 1 << 20), "Steps that are seen.", "336")
            .required("horizon", new Whole(1, 1 << 20), "Steps after them that are learnt.", "96")
            .key("stride", new Whole(1, 1 << 20), "1", "Steps from one window to the next.", "24")
            .key("span", span(), "[]", SPAN, "[0, 8640]")
            .key(
                "relative",
                new Flag(),
                "false",
                "Whether all values are less the last seen one of their variable.",
                "true")
            .key(
                "layout",
                new Word("time_first", "variables_first"),
                "time_first",
                "Shape of a row: [steps, variables] (recurrent and convolutional layers), or [variables, steps].")
            .key("schema", schema, "own", schemaDoc);
    Section parquet =
        new Section()
            .required("path", path, PATH, "events.parquet")
            .key("schema", schema, "own", schemaDoc);
    Section text =
        new Section()
            .required("path", path, PATH + " Gzip by name (.gz).", "corpus.txt")
            .key(
                "pattern",
                new Free("a regular expression"),
                "'(?<text>.*)'",
                "What each line must match; its named groups are the columns. For a label before the text:"
                    + " '(?<label>\\S+) (?<text>.*)'.",
                "'(?<label>\\S+) (?<text>.*)'")
            .key(
                "window",
                new Whole(1, 1 << 20, "none"),
                "none",
                "Tokens of a row when each file is one running text that is cut into rows, for a language model; none: a row is a line."
                    + " Such a file is read by one task.",
                "128")
            .key("schema", schema, "own", schemaDoc);
    Section parallel =
        new Section()
            .required(
                "source",
                path,
                "Texts, one a line, as column source. " + PATH + " Gzip by name (.gz).",
                "multi30k-en-de/train.en.gz")
            .key(
                "target",
                new OrNull(path),
                "null",
                "Line by line the texts that belong to them, as column target; null where they are only predicted. "
                    + PATH,
                "multi30k-en-de/train.de.gz")
            .key("schema", schema, "own", schemaDoc);
    Section wav =
        new Section()
            .required(
                "path",
                path,
                "WAV files of 16-bit PCM, one a row; a feature of type audio says how they are seen. "
                    + PATH,
                "fsdd/recordings")
            .key(
                "pattern",
                new Free("a regular expression"),
                "'(?<label>[^_]+)_.*'",
                "What the name of each file must match; its named groups are the columns.",
                "'(?<label>\\d)_(?<speaker>[a-z]+)_(?<take>\\d+)\\.wav'")
            .key("schema", schema, "own", schemaDoc);
    return new Switch("format", "File format.")
        .branch("csv", csv)
        .branch("libsvm", libsvm)
        .branch("idx", idx)
        .branch("cifar", cifar)
        .branch("images", images)
        .branch("series", series)
        .branch("parquet", parquet)
        .branch("text", text)
        .branch("parallel", parallel)
        .branch("wav", wav)
        .later("json", "orc", "avro", "jdbc");
  }

  static Spec features() {
    Choice impute =
        new Choice()
            .with("mean", "The mean of the training rows.")
            .with("median", "The median of the training rows.")
            .with("constant", "A fixed number.", Real.any())
            .with("fail", "A missing number is a bad row.");
    Section one =
        new Section()
            .key(
                "type",
                new Word(
                    java.util.List.of(
                        "auto", "number", "category", "image", "sparse", "text", "audio", "ignore"),
                    java.util.List.of("date", "sequence")),
                "auto",
                "What the column holds; auto is inferred and shown in the profile. The column text of a text source is text.",
                "category")
            .key(
                "scale",
                new Word("auto", "standard", "minmax", "unit", "none"),
                "auto",
                "Scaling, fitted on training rows: standard (mean 0, deviation 1; of images per channel), minmax (0..1), unit (bytes / 255), none;"
                    + " auto: standard for numbers, unit for images, none for sparse.",
                "standard")
            .key("impute", impute, "mean", "What replaces a missing number.", "{constant: 0}")
            .key(
                "missing_flag",
                new Flag(),
                "false",
                "Add a 0/1 column that says that the number was missing.",
                "true")
            .key(
                "min_count",
                new Whole(1, Integer.MAX_VALUE),
                "1",
                "Categories and tokens seen fewer times share the unknown bucket.",
                "10")
            .key(
                "unknown",
                new Word("bucket", "fail"),
                "bucket",
                "What a category becomes that training did not show.")
            .key(
                "embedding",
                new Whole(1, 4096, "auto"),
                "auto",
                "Width of a category's embedding; auto: from the number of categories.",
                "8")
            .key(
                "cross",
                new ListOf(new Free("a column name"), 0),
                "[]",
                "Category columns whose values together are one category, hashed to buckets; the name is free then.",
                "[origin, destination]")
            .key(
                "buckets",
                new Whole(2, 1 << 28),
                "100000",
                "Buckets that the values of a cross are hashed to; those that meet in one share a vector.",
                "10000")
            .key(
                "sparse",
                new Flag(),
                "false",
                "Hold the embedding as rows that are pulled and pushed by key: for many categories, few of which a batch has.",
                "true")
            .key(
                "max_rows",
                new Whole(1, Integer.MAX_VALUE, "auto"),
                "auto",
                "Most rows of a sparse embedding that may be trained; a run that needs more ends. auto: all categories.",
                "1000000")
            .key(
                "shape",
                new ListOf(new Whole(1, 1 << 16), 0),
                "[]",
                "Image shape [height, width, channels]; empty: from the file.",
                "[28, 28, 1]")
            .key(
                "tokenizer",
                new Word("words", "whitespace", "chars"),
                "words",
                "Tokens of a text: words and punctuation marks, what stands between blanks, or characters.",
                "chars")
            .key("lower", new Flag(), "false", "Make letters of a text lower case.", "true")
            .key(
                "max_length",
                new Whole(1, 1 << 16, "auto"),
                "auto",
                "Tokens of a text; longer texts are cut. auto: the longest of the training rows.",
                "64")
            .key(
                "vocabulary",
                new Whole(1, 1 << 22),
                "20000",
                "Most tokens that are told apart, the most frequent of the training rows (min_count limits them, too);"
                    + " all others share the unknown bucket.",
                "5000")
            .key(
                "bounds",
                new Word("auto", "mark", "none"),
                "auto",
                "Whether start and end of a text are marked by tokens of their own; auto: for a language model of lines.",
                "mark")
            .key(
                "augment",
                new OrNull(augment()),
                "null",
                "Random changes of training images, afresh in each epoch: a function of seed, epoch and row.",
                "{flip: horizontal, crop: {padding: 4}}");
    one.key(
        SoundKeys.KEY,
        SoundKeys.section(),
        "{}",
        "How the sounds of a wav source become images [frames, bands, 1] (type audio): log-mel spectrograms.",
        "{rate: 8000, frames: 64}");
    return new Named("column names, or rest for all columns that are not named", one);
  }

  private static Section augment() {
    Section crop =
        new Section()
            .key(
                "padding",
                new Whole(0, 1 << 12),
                "0",
                "Pixels that each side is extended by before a window of the old size is cut anywhere: a shift of up to so many.",
                "4");
    Section erase =
        new Section()
            .key("size", new Whole(0, 1 << 12), "0", "Side of the square; 0 for none.", "8")
            .key(
                "probability",
                Real.between(0, 1),
                "0.5",
                "Share of the images that get the square.");
    return new Section()
        .key(
            "flip",
            new Word("none", "horizontal", "vertical", "both"),
            "none",
            "Mirror half of the images left to right, top to bottom, or either.",
            "horizontal")
        .key("turn", new Flag(), "false", "Turn square images by 0, 90, 180 or 270 degrees.")
        .key("rotate", Real.between(0, 180), "0.0", "Largest rotation either way, degrees.", "10.0")
        .key(
            "crop",
            crop,
            "{padding: 0}",
            "Extend, then cut a window of the old size.",
            "{padding: 4}")
        .key(
            "fill",
            new Word("reflect", "edge", "zero"),
            "reflect",
            "What lies outside of an image: its mirror image, its border pixels, zeros.")
        .key(
            "brightness",
            Real.between(0, 1),
            "0.0",
            "b: bytes are multiplied by 1 - b to 1 + b.",
            "0.2")
        .key(
            "contrast",
            Real.between(0, 1),
            "0.0",
            "c: the distance to the image's mean is multiplied by 1 - c to 1 + c.",
            "0.2")
        .key(
            "erase",
            erase,
            "{size: 0}",
            "Set a random square to the image's mean, with fill zero to zeros (Cutout).");
  }

  static Section target() {
    return learnt(
        new Section()
            .key(
                "name",
                new Free("a column name"),
                "label",
                "Column to be learnt; IDX, CIFAR, LibSVM and image sources call it label.",
                "income"));
  }

  /** What is known of a column to be learnt. */
  static Section learnt(Section section) {
    return section
        .key(
            "classes",
            new Whole(2, 1 << 20, "auto"),
            "auto",
            "Number of classes; auto: counted in the training rows.",
            "10")
        .key(
            "positive",
            new OrNull(new Free("a class name")),
            "null",
            "Class that counts as positive in two-class metrics; null: the last in sorted order.",
            "'>50K'")
        .key(
            "unseen",
            new Word("fail", "ignore"),
            "fail",
            "What a held-out row does whose class training did not show.")
        .key(
            "scale",
            new Word("none", "standard"),
            "none",
            "Scaling of a regression target, undone in metrics and predictions; standard suits large units.",
            "standard");
  }
}
