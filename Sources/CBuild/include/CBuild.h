/// The commit that the package is built from; an empty text where the build was not told.
const char *wavetank_commit(void);
