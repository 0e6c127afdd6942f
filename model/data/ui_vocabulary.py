"""Labels that interfaces have, by purpose, the most common ones first; nothing but lists."""

from __future__ import annotations


def _list(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split(","))


ACTIONS = _list("""
Save, Cancel, OK, Open, Close, Delete, Edit, Add, Search, Submit, Apply, Next, Back, Yes, No, Send,
Continue, Download, Upload, Sign in, Log in, Sign up, Help, Settings, New, Remove, Update, Create, Copy,
Paste, Print, Share, Export, Import, Reset, Refresh, Browse, Retry, Done, Finish, Previous, Start, Stop,
Install, Login, Log out, Sign out, Register, Save as, Save changes, Select all, Clear, Undo, Redo, Cut,
Insert, View, Preview, Publish, Connect, Learn more, Read more, Get started, Buy now, Add to cart,
Checkout, Subscribe, Follow, Like, Reply, Forward, Accept, Decline, Allow, Deny, Block, Skip, Confirm,
Discard, Don't save, Replace, Find, Find next, Replace all, Rename, Move, Duplicate, Archive, Restore,
Enable, Disable, Pause, Resume, Play, Record, Run, Build, Debug, Deploy, Test, Commit, Push, Pull, Merge,
Clone, Fork, Compare, Filter, Sort, Group, Hide, Show, Show more, Show all, See all, View all, View
details, More, More info, Details, Options, Advanced, Customize, Configure, Manage, Verify, Validate,
Unlock, Lock, Upgrade, Renew, Join, Leave, Invite, Add user, New file, New folder, New tab, New window,
Open file, Upload file, Choose file, Attach, Book now, Order, Pay now, Place order, Track order, Contact
us, Try again, Try it free, Watch, Listen, Explore, Discover, Translate, Convert, Scan, Sync, Backup, Zoom
in, Zoom out, Rotate, Crop, Resize, Draw, Erase, Fill, Flip, Align, Bold, Italic, Mute, Call, Hang up,
Answer, Report, Flag, Approve, Reject, Assign, Schedule, Remind me, Snooze, Mark as read, Mark all, Expand
all, Collapse, Go, Go back, Home, Load more, Load, Unload, Eject, Format, Erase all, Empty, Empty trash,
Sign up free, Log in with email, Forgot password?, Create account, Delete account, Change password, Add
photo, Add item, Add row, Add note, Add comment, Post, Comment, Tweet, Pin, Unpin, Star, Quit, Exit,
Restart, Shut down, Sleep, Hibernate, Ignore, Dismiss, Not now, Later, Maybe later, Got it, I agree,
Agree, Disagree, Proceed, Redeem, Donate, Vote, Rate, Review, Download PDF, Export CSV, Print page, Copy
link, Share link, Generate, Calculate, Convert file, Compress, Extract, Encrypt, Sign, Send message, Send
email, Send code, Resend, Request, Request demo, Book a demo, Contact sales, Start trial, Choose plan,
Compare plans, View cart, Continue shopping, Apply coupon
""")

NAVIGATION = _list("""
Home, About, Contact, Settings, Profile, Dashboard, Blog, Products, Services, Help, Account, News,
Pricing, Features, Support, Login, Docs, Documentation, Downloads, Users, Reports, Messages,
Notifications, Calendar, Orders, Customers, Inbox, Overview, General, Privacy, Security, Team, Projects,
Tasks, Files, Gallery, Portfolio, Shop, Store, Cart, FAQ, Careers, Jobs, Events, Community, Forum,
Partners, Press, Terms, Privacy policy, Terms of service, Sitemap, Search, Explore, Library, Music,
Videos, Photos, Friends, Groups, Favorites, History, Bookmarks, Analytics, Statistics, Billing, Payments,
Invoices, Inventory, Categories, Tags, Comments, Pages, Posts, Media, Plugins, Themes, Appearance, Tools,
Integrations, API, Developers, Status, Changelog, Releases, Issues, Pull requests, Actions, Wiki,
Insights, Branches, Commits, Network, Display, Sound, Keyboard, Mouse, Bluetooth, Wi-Fi, Printers, Power,
Storage, Accessibility, Language, Region, Date & time, Updates, Apps, Devices, System, Personal, Work,
Family, Travel, Food, Sports, Health, Science, Technology, Business, Politics, Culture, Weather, Maps,
Finance, Education, Games, Movies, Books, Kids, Women, Men, Sale, Outlet, New arrivals, Best sellers,
Drafts, Sent, Spam, Trash, Archive, Starred, Important, Recent, Shared, Shared with me, My files, My
account, My orders, Wish list, Sign in, Sign up, Log out, File, Edit, View, Insert, Format, Window,
Options, Advanced, Basic, Details, Summary, Preview, Source, Code, Design, Layout, Text, Image, Colors,
Fonts, Layers, Console, Elements, Sources, Memory, Performance, Application, Terminal, Output, Problems
""")

MENU_ITEMS = _list("""
File, Edit, View, Help, Tools, Insert, Format, Window, Options, Search, Go, Bookmarks, History, Terminal,
Run, Selection, Table, Image, Layer, Filter, Select, Data, Review, References, Page Layout, Project,
Build, Debug, Refactor, Navigate, Code, Analyze, Extensions, Profiles, Account, Message, Folder, Contacts,
Actions
""")

MENU_ENTRIES = _list("""
New, Open, Save, Save as, Close, Print, Exit, Undo, Redo, Cut, Copy, Paste, Delete, Select all, Find,
Replace, Preferences, About, Zoom in, Zoom out, Full screen, New window, New tab, Open recent, Import,
Export, Properties, Page setup, Print preview, Reload, Rename, Duplicate, Move to, Share, Send to, Add
bookmark, View source, Inspect, Developer tools, Extensions, Downloads, History, Task manager, Settings,
Help, Check for updates, Sign out, Show sidebar, Hide toolbar, Status bar, Word wrap, Line numbers, Go to
line, Go to file, Toggle comment, Format document, Insert row, Insert column, Delete row, Merge cells,
Sort ascending, Sort descending, Freeze panes, Bring to front, Send to back, Group, Ungroup, Rotate left,
Rotate right, Flip horizontal, Align left, Align center, Open with, Extract here, Compress, Create
shortcut, Pin to taskbar, Empty trash, Refresh, Arrange icons, Paste special, Revert
""")

FIELDS = _list("""
Email, Password, Name, Search, Username, First name, Last name, Phone, Address, City, Message, Subject,
Title, Description, Zip code, Country, State, Company, Website, URL, Date, Time, Quantity, Amount, Price,
Card number, Expiry date, CVV, Comment, Notes, Full name, Email address, Phone number, Confirm password,
New password, Old password, Street, Postal code, Date of birth, Age, Job title, Department, Host, Port,
Server, Database, User ID, File name, Path, Location, From, To, Cc, Bcc, Check in, Check out, Guests,
Budget, Weight, Height, Width, Size, Color, Font size, Tags, Category, Keywords, Coupon code, Gift card,
Account number, Routing number, Tax ID, Nickname, Display name, Bio, Organization, Project name, Branch,
Repository, Token, API key, Secret, Domain, IP address, Gateway, DNS server, Proxy, Start date, End date,
Due date, Start time, End time, Duration, Rate, Discount, Total, Reference, Order number, Your name, Your
message, Your email, Code, Verification code, Security code, Middle name, Apartment, Province, Region,
Fax, Mobile
""")

OPTIONS = _list("""
Remember me, I agree, Subscribe, Enabled, Active, Public, Private, Notifications, Dark mode, Auto save,
Yes, No, None, All, Default, Custom, Automatic, Manual, Always, Never, Daily, Weekly, Monthly, Small,
Medium, Large, Low, High, Normal, Left, Right, Center, Top, Bottom, Male, Female, Other, Credit card,
PayPal, Bank transfer, Standard, Express, Show password, Keep me signed in, Send me updates, Match case,
Whole word, Wrap around, Use proxy, Show hidden files, Start on boot, Check spelling, Auto update, Show
grid, Snap to grid, Bluetooth, Wi-Fi, Airplane mode, Location, Sound, Vibration, Email alerts, Push
notifications, Sync, Two-factor, Accept terms, I am not a robot, Newsletter, Gift wrap, Same as billing,
Portrait, Landscape, Color, Grayscale, Light, Dark, System, English, French, German, Spanish, Home, Work,
Beginner, Expert, Free, Pro, Team, Enterprise, PNG, JPEG, PDF, CSV, Read only, Hidden, Archive, Compress,
Overwrite, Ask every time, Use default, Save history, Allow cookies, Block popups, Do not track, Share
location, Guest mode
""")

HEADINGS = _list("""
Settings, Welcome, Welcome back, Dashboard, Sign in, Create account, Log in, Contact us, About us, Our
team, Our services, Latest news, Recent activity, Recent files, Order summary, Shopping cart, Payment
details, Shipping address, Billing, Profile, Account settings, General, Preferences, Notifications,
Privacy, Security, Statistics, Overview, Sales, Revenue, Users, Visitors, Traffic, Messages, Tasks, To do,
In progress, Done, Calendar, Upcoming events, Popular posts, Related articles, Comments, Reviews,
Description, Features, Pricing, Frequently asked questions, Confirm, Delete file?, Save changes?, Are you
sure?, Warning, Error, Information, Properties, Open file, Save as, Print, Find, Options, New project,
Export, Import, Update available, Connection lost, Login failed, Success, Thank you, Get in touch,
Newsletter, Categories, Archives, Top products, Monthly report, Team members, Storage, Network, Display,
Quick links
""")

FIRST_NAMES = _list("""
Anna, James, Maria, David, Sarah, John, Emma, Michael, Laura, Peter, Sofia, Daniel, Lisa, Thomas, Julia,
Robert, Nina, Mark, Eva, Paul, Elena, Kevin, Clara, Simon, Alice, Martin, Grace, Oliver, Helen, Lucas,
Priya, Omar, Yuki, Chen, Fatima, Ivan, Leila, Mateo, Aisha, Noah, Mia, Hugo, Zoe, Adam, Ruth, Samuel,
Irene, Victor, Olga, George
""")

LAST_NAMES = _list("""
Smith, Jones, Brown, Miller, Garcia, Wilson, Martin, Lee, Walker, Young, King, Wright, Lopez, Hill, Green,
Baker, Nelson, Carter, Turner, Parker, Evans, Collins, Stewart, Morris, Rogers, Cook, Bell, Murphy,
Bailey, Cooper, Kim, Singh, Khan, Silva, Rossi, Novak, Meyer, Weber, Jensen, Larsen, Tanaka, Wang, Patel,
Ali, Dubois, Moreau, Petrov
""")

MONTHS = _list("""
January, February, March, April, May, June, July, August, September, October, November, December
""")

DAYS = _list("""
Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
""")

COUNTRIES = _list("""
Germany, France, Spain, Italy, Japan, Brazil, Canada, India, China, Mexico, Norway, Sweden, Poland, Kenya,
Egypt, Chile, Peru, Greece, Turkey, Ireland, Portugal, Austria, Finland, Denmark, Iceland, Vietnam,
Thailand
""")

CITIES = _list("""
London, Paris, Berlin, Madrid, Rome, Tokyo, Oslo, Vienna, Lisbon, Dublin, Athens, Prague, Toronto,
Chicago, Boston, Seattle, Denver, Austin, Sydney, Mumbai, Seoul, Cairo, Nairobi, Lima, Bogota, Zurich,
Geneva, Milan
""")

FILE_ENDINGS = _list("""
txt, pdf, png, jpg, docx, xlsx, csv, py, html, css, js, json, zip, mp3, mp4, md, xml, log
""")

STATES = _list("""
Active, Pending, Done, Open, Closed, Failed, Paid, Draft, New, Online, Offline, Shipped, Approved,
Rejected, Running, Stopped, High, Low, Medium, Yes, No, Completed, Cancelled, Delivered, Expired, Unpaid,
Blocked
""")

COLUMNS = _list("""
Name, Date, Status, Type, Size, Price, ID, Email, Total, Amount, Actions, Title, Author, Category, Role,
Quantity, Modified, Created, Owner, Priority, Country, City, Phone, Customer, Product, Order, Due,
Progress, Version
""")
