"""What any `trainer:` section answers to words of other tools that are options of something else here.

This module imports no torch: boosting and linear models answer the same.
"""

from crosstie.config.words import ANYTHING, Answer

_THREADS = "write `--threads N` on the command line"
_SAID = "what is printed is chosen on the command line: --quiet, --json"
_KEPT = "the best weights are kept always; leave it out"
_SAME = "the same seed gives the same model, always; leave it out"
_FIXED = "is not an option in this version; leave it out"

EVERYWHERE = {
    **dict.fromkeys(("n_jobs", "nthread", "num_threads", "thread_count"), Answer(_THREADS)),
    **dict.fromkeys(
        (
            "verbose",
            "verbosity",
            "silent",
            "enable_progress_bar",
            "logging_steps",
            "log_every_n_steps",
        ),
        Answer(_SAID),
    ),
    **dict.fromkeys(
        ("seed", "random_state", "random_seed"),
        Answer("belongs to the top of the file, as `seed: …`"),
    ),
    **dict.fromkeys(
        ("validation_fraction", "validation_split", "test_size"),
        Answer(
            "write `split: {type: random, probabilities: [0.7, 0.1, 0.2]}` at the top of the file"
        ),
    ),
    **dict.fromkeys(
        ("metrics", "greater_is_better"),
        Answer(
            "all metrics of a type are measured; the one that decides is the output's `metric: …`"
        ),
    ),
    **dict.fromkeys(
        (
            "default_root_dir",
            "output_dir",
            "save_dir",
            "model_dir",
            "train_dir",
            "serialization_dir",
        ),
        Answer("write `-o DIR`, or `--runs DIR` for all runs, on the command line"),
    ),
    "resume_from_checkpoint": Answer("write `crosstie train --resume RUN`"),
    "warm_start": Answer("write `start_from: RUN` at the top of the file", (False,)),
    **dict.fromkeys(("deterministic", "benchmark"), Answer(_SAME, (True, False, None))),
    **dict.fromkeys(
        ("load_best_model_at_end", "restore_best_weights", "use_best_model"), Answer(_KEPT, (True,))
    ),
}

NETWORK = {
    **EVERYWHERE,
    **dict.fromkeys(
        ("loss", "loss_fn", "loss_function", "loss_func", "objective", "criterion"),
        Answer("belongs to the output, as `output_features: [{name: …, loss: …}]`"),
    ),
    **dict.fromkeys(
        ("class_weight", "class_weights", "label_smoothing", "label_smoothing_factor"),
        Answer(
            "belongs to the output's loss, as `loss: {type: …, class_weights: …}`; see `crosstie schema`"
        ),
    ),
    **dict.fromkeys(
        ("grad_norm", "clipnorm", "global_clipnorm", "clip_grad", "gradient_clip_algorithm"),
        Answer("write `gradient_clipping: {clipglobalnorm: …}`"),
    ),
    "clipvalue": Answer("write `gradient_clipping: {clipvalue: …}`"),
    **dict.fromkeys(
        (
            "betas",
            "adam_beta1",
            "adam_beta2",
            "adam_epsilon",
            "moms",
            "wd",
            "optim_args",
            "optimizer_kwargs",
        ),
        Answer(
            "belongs into 'optimizer', as in `optimizer: {type: adamw, weight_decay: …, betas: …}`"
        ),
    ),
    **dict.fromkeys(
        ("pct_start", "div", "div_final", "div_factor", "final_div_factor", "lr_scheduler_kwargs"),
        Answer("belongs into 'learning_rate_scheduler', as in `{type: one_cycle, peak: …}`"),
    ),
    **dict.fromkeys(
        ("lr_decay", "learning_rate_decay"), Answer("write `learning_rate_scheduler: …`")
    ),
    "fit_one_cycle": Answer("write `learning_rate_scheduler: one_cycle`"),
    "warmup_epochs": Answer("write `learning_rate_scheduler: {…, warmup_evaluations: …}`"),
    "auto_lr_find": Answer("write `learning_rate: auto`", (False,)),
    "auto_scale_batch_size": Answer("write `batch_size: auto`", (False,)),
    **dict.fromkeys(
        ("hidden_layer_sizes", "layers", "hidden_units", "hidden_dims"),
        Answer(
            "belongs into 'combiner', as `combiner: {type: concat, fc_layers: [{output_size: …}, …]}`"
        ),
    ),
    "activation": Answer("belongs into the encoder, combiner or decoder that is to have it"),
    **dict.fromkeys(
        ("fp16", "bf16", "use_amp"), Answer("write `precision: bf16` (or fp16, on a GPU)", (False,))
    ),
    "alpha": Answer("write `regularization_lambda: …`, or `optimizer: {…, weight_decay: …}`"),
    **dict.fromkeys(
        ("strategy", "distributed", "distributed_backend", "ddp"),
        Answer("write `devices: …`, which is all that several devices need"),
    ),
    "num_nodes": Answer("training is on one machine in this version; leave it out", (1,)),
    **dict.fromkeys(
        ("ema_decay", "swa_lrs"), Answer("write `averaging: ema` and `averaging_decay: …`")
    ),
    "moving_average": Answer("write `averaging: ema`"),
    **dict.fromkeys(
        (
            "val_check_interval",
            "check_val_every_n_epoch",
            "eval_every",
            "eval_strategy",
            "evaluation_strategy",
        ),
        Answer("validation rows are measured after each epoch; leave it out"),
    ),
    **dict.fromkeys(
        ("save_total_limit", "num_serialized_models_to_keep", "checkpointer", "save_top_k"),
        Answer("the newest two checkpoints and the best weights are kept; leave it out"),
    ),
    **dict.fromkeys(
        ("dataloader_num_workers", "workers", "use_multiprocessing"),
        Answer("rows are in memory or mapped, no worker loads them; leave it out"),
    ),
    **dict.fromkeys(("steps_per_epoch", "limit_train_batches"), Answer("write `train_steps: …`")),
    "fast_dev_run": Answer(
        "write `train_steps: 5`; `crosstie check` builds everything without training", (False,)
    ),
    "overfit_batches": Answer("write `preprocessing: {sample_size: …}`", (0, 0.0)),
    "tensorboard_writer": Answer("curves are written always; leave it out"),
    "gradient_checkpointing": Answer("is an option of pretrained encoders; leave it out", (False,)),
    "jit_compile": Answer("write `compile: true`", (False,)),
    "detect_anomaly": Answer(
        "a loss that is not a number is told always; leave it out", (False, True)
    ),
    "run_confidence_checks": Answer(
        "`crosstie check` builds everything without training; leave it out"
    ),
    **dict.fromkeys(("tol", "min_delta"), Answer("any gain counts as one; leave it out", (0, 0.0))),
    **dict.fromkeys(
        ("tta", "test_time_augmentation"),
        Answer("write `crosstie predict … --augment N`, and `augmentation: …` at the image"),
    ),
    "lr_mult": Answer("write `rate_ratio: …`"),
    "type": Answer("the learner is named by 'model_type' at the top of the file", ("trainer",)),
    "weight_decay": Answer(
        "belongs into 'optimizer', as in `optimizer: {type: adamw, weight_decay: …}`"
    ),
    "momentum": Answer("belongs into 'optimizer', as in `optimizer: {type: sgd, momentum: …}`"),
    "dropout": Answer("belongs into the encoder, combiner or decoder that is to have it"),
    "decay": Answer("write `learning_rate_scheduler: …`", (False, None)),
    "decay_rate": Answer("belongs into 'learning_rate_scheduler'"),
    "decay_steps": Answer("belongs into 'learning_rate_scheduler'"),
    "staircase": Answer("belongs into 'learning_rate_scheduler'"),
    "warmup_fraction": Answer("belongs into 'learning_rate_scheduler'"),
    "warmup_steps": Answer("write `learning_rate_scheduler: {…, warmup_fraction: …}`"),
    "warmup_ratio": Answer("write `learning_rate_scheduler: {…, warmup_fraction: …}`"),
    "learning_rate_warmup_epochs": Answer(
        "write `learning_rate_scheduler: {…, warmup_evaluations: …}`"
    ),
    "reduce_learning_rate_on_plateau": Answer(
        "write `learning_rate_scheduler: {reduce_on_plateau: …}`"
    ),
    "increase_batch_size_on_plateau": Answer(
        "the batch size stays the same while training; leave it out", (0,)
    ),
    "increase_batch_size_on_plateau_patience": Answer("as above", (ANYTHING,)),
    "increase_batch_size_on_plateau_rate": Answer("as above", (ANYTHING,)),
    "increase_batch_size_eval_metric": Answer("as above", (ANYTHING,)),
    "increase_batch_size_eval_split": Answer("as above", (ANYTHING,)),
    "learning_rate_scaling": Answer(
        "says what larger batches do to the rate; here devices share a batch out, so it stays as it is",
        ("constant", "sqrt", "linear"),
    ),
    "skip_all_evaluation": Answer("a model is always evaluated; leave it out", (False,)),
    "enable_profiling": Answer("training is not profiled in this version; leave it out", (False,)),
    "profiler": Answer("says how to profile", (ANYTHING,)),
    "enable_gradient_checkpointing": Answer(
        "belongs into the encoder: `encoder: {type: pretrained, gradient_checkpointing: true}`",
        (False,),
    ),
    "layers_to_freeze_regex": Answer("write `freeze: [encoders]`", (None,)),
    "gradual_unfreezing": Answer("write `freeze_epochs: …`"),
    "num_workers": Answer("rows are in memory or mapped, no worker loads them; leave it out"),
}

TREES = {
    **EVERYWHERE,
    **dict.fromkeys(
        ("loss", "loss_function", "criterion"),
        Answer("follows from the output's type; leave it out"),
    ),
    "eval_metric": Answer("belongs to the output, as `metric: …`"),
    "cat_features": Answer("write `type: category` at the input"),
    **dict.fromkeys(
        ("device", "device_type", "task_type"),
        Answer("trees are grown on the processor; leave it out", ("cpu", "CPU")),
    ),
    "tree_method": Answer("trees are grown on histograms; leave it out", ("hist", "auto")),
    "grow_policy": Answer("trees grow leaf by leaf; leave it out", ("lossguide", "Lossguide")),
    "booster": Answer("trees are grown by gradient boosting; leave it out", ("gbtree",)),
    **dict.fromkeys(
        (
            "min_child_weight",
            "min_sum_hessian_in_leaf",
            "random_strength",
            "bagging_temperature",
            "bootstrap_type",
            "leaf_estimation_iterations",
            "linear_tree",
            "path_smooth",
            "max_delta_step",
            "num_parallel_tree",
            "base_score",
            "tol",
            "importance_type",
        ),
        Answer(_FIXED),
    ),
    **dict.fromkeys(
        ("colsample_bylevel", "colsample_bynode"),
        Answer("columns are drawn once a tree: write `feature_fraction: …`", (1, 1.0)),
    ),
    "early_stopping": Answer("write `early_stop: …`, rounds without gain", (True,)),
}

LINEAR = {
    **EVERYWHERE,
    "solver": Answer("is Newton's method; leave it out"),
    "l1_ratio": Answer("is always l2; how strong, says `l2: …`", (0, 0.0, None)),
    "l1": Answer("is always l2; how strong, says `l2: …`"),
    "regularization": Answer("is always l2; how strong, says `l2: …`", ("l2",)),
    "fit_intercept": Answer("there is an intercept always; leave it out", (True,)),
    "multi_class": Answer("follows from the output's type; leave it out"),
    "dual": Answer("is Newton's method; leave it out", (False,)),
    "normalize": Answer("numbers are scaled by 'preprocessing' of the input: `normalization: …`"),
    **dict.fromkeys(("loss", "objective"), Answer("follows from the output's type; leave it out")),
    **dict.fromkeys(
        ("lr", "eta0", "learning_rate_init"), Answer("Newton steps need none; leave it out")
    ),
    "n_estimators": Answer("is of model_type gbm, random_forest and extra_trees"),
}
